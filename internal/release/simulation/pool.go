package simulation

import (
	"fmt"
	"time"

	"cutover/internal/release"
)

// pooler is a PgBouncer whose clients wait while the shape of the database, or
// the database itself, is exchanged.
func pooler() release.Pooler {
	return release.Pooler{Console: "env:CONSOLE", Databases: []string{"shop-{{side}}"}, PauseMost: 5 * time.Second, DrainMost: 10 * time.Second,
		Around: []release.ActionKind{release.ActExpand, release.ActContract, release.ActRevertSchema, release.ActExchange, release.ActExchangeBack},
		File:   release.PoolFile{Path: "/etc/pgbouncer.ini", Content: release.File{Digest: "d"}}}
}

// poolBefore has clients wait, if that belongs to the action.
func (w *World) poolBefore(s release.State, a release.Action) {
	if s.Plan.PausesFor(a.Kind) {
		w.paused = true
	}
}

// poolAfter lets them go on, unless PgBouncer cannot be reached, and returns
// what the controller found.
func (w *World) poolAfter(s release.State, a release.Action) *release.PoolResult {
	if !s.Plan.PausesFor(a.Kind) || w.strikes(PoolUnseen, 2) {
		return nil
	}
	w.paused = false
	return &release.PoolResult{Open: true, Paused: time.Second}
}

// actOnPool does what concerns nothing but PgBouncer.
func (w *World) actOnPool(s release.State, a release.Action) {
	switch a.Kind {
	case release.ActResumePool:
		w.paused = false
	case release.ActDrainPool:
		w.drained = a.Side
	case release.ActReloadPool:
		w.filed = a.Side == s.Plan.To.Side
	}
}

// PoolWrong says what PgBouncer should be and is not when a release has ended.
func (w *World) PoolWrong(s release.State) error {
	taken := s.Phase == release.RolledBack || s.Phase == release.Compared
	switch {
	case w.paused:
		return fmt.Errorf("I6: clients of PgBouncer wait for ever")
	case !w.Plan.Database.Pooler.Used():
		return nil
	case taken && w.filed:
		return fmt.Errorf("I6: PgBouncer has the configuration of the version that was taken back")
	case s.Phase == release.Done && !w.filed:
		return fmt.Errorf("PgBouncer has not the configuration of the release")
	case s.Phase == release.Done && !s.Plan.First() && w.drained != s.Plan.From.Side:
		return fmt.Errorf("the server connections of the old side were not waited for")
	}
	return nil
}
