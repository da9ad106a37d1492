package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"cutover/internal/release"
)

var (
	errNoSchema     = errors.New("this controller cannot change a schema")
	errNoBackups    = errors.New("this controller cannot take backups")
	errNoRehearsals = errors.New("this controller cannot rehearse changes")
)

func schemaOrder(s release.State, stamp release.Stamp) release.SchemaOrder {
	return release.SchemaOrder{Stamp: stamp, Release: s.Release, Database: s.Plan.Database, Schema: s.Plan.Schema, To: s.Plan.To}
}

func (e *Engine) changeSchema(ctx context.Context, s release.State, kind release.ActionKind, stamp release.Stamp) error {
	if e.Schema == nil {
		return errNoSchema
	}
	order := schemaOrder(s, stamp)
	switch kind {
	case release.ActExpand:
		return e.Schema.Expand(ctx, order)
	case release.ActBackfill:
		f := &fill{engine: e, app: s.App, release: s.Release, key: stamp.Key, recorded: e.now()}
		return e.Schema.Backfill(ctx, release.FillOrder{SchemaOrder: order, From: s.Fill.Position, Paused: f.paused,
			Progressed: func(p release.Progress) error { return f.progressed(ctx, p) }})
	case release.ActContract:
		return e.Schema.Contract(ctx, order)
	}
	return e.Schema.Revert(ctx, order)
}

func (e *Engine) backUp(ctx context.Context, s release.State, stamp release.Stamp, result *release.Finished) error {
	if e.Backups == nil {
		return errNoBackups
	}
	saved, err := e.Backups.Take(ctx, release.BackupOrder{Stamp: stamp, Release: s.Release, Database: s.Plan.Database, Backup: s.Plan.Backup})
	if err == nil {
		result.Saved = &saved
	}
	return err
}

func (e *Engine) rehearse(ctx context.Context, s release.State, stamp release.Stamp, result *release.Finished) error {
	if e.Rehearsals == nil {
		return errNoRehearsals
	}
	found, err := e.Rehearsals.Rehearse(ctx, release.RehearsalOrder{
		SchemaOrder: schemaOrder(s, stamp), OldVersion: s.Plan.From, Checks: s.Plan.Checks, Within: s.Plan.ReadyWithin})
	if err == nil {
		result.Rehearsed = &found
	}
	return err
}

func restoreOrder(s release.State, stamp release.Stamp) release.RestoreOrder {
	return release.RestoreOrder{Stamp: stamp, Release: s.Release, Database: s.Plan.Database, Backup: s.Plan.Restore}
}

func (e *Engine) restore(ctx context.Context, s release.State, kind release.ActionKind, stamp release.Stamp) error {
	if e.Backups == nil {
		return errNoBackups
	}
	order := restoreOrder(s, stamp)
	switch kind {
	case release.ActPrepare:
		return e.Backups.Prepare(ctx, order)
	case release.ActExchange:
		return e.Backups.Exchange(ctx, order)
	}
	return e.Backups.ExchangeBack(ctx, order)
}

// progressEvery is how often the place of a fill is recorded: what lies
// between may be read again after a crash, and a fill of hours must not fill
// the journal.
const progressEvery = 5 * time.Second

// fill connects one backfill with its release. It is used by the run's
// goroutine alone.
type fill struct {
	engine               *Engine
	app, release, key    string
	recorded             time.Time
	lastTable, lastWaits string
}

// paused says why nothing is to be written: a release that is halted stands
// still here too.
func (f *fill) paused() string {
	s, err := f.engine.state(f.release)
	switch {
	case err != nil:
		return err.Error()
	case s.Halt != nil:
		return s.Halt.Reason
	}
	return ""
}

// progressed keeps how far the fill is, and records it now and then.
func (f *fill) progressed(ctx context.Context, p release.Progress) error {
	f.engine.fills.put(f.release, p)
	now := f.engine.now()
	if now.Sub(f.recorded) < progressEvery && p.Table == f.lastTable && p.Waits == f.lastWaits {
		return nil
	}
	f.recorded, f.lastTable, f.lastWaits = now, p.Table, p.Waits
	return f.engine.record(ctx, f.app, f.release, actor, release.Progressed{Key: f.key, Progress: p})
}

// fills is the latest word of each fill that has been under way here.
type fills struct {
	mu   sync.Mutex
	last map[string]release.Progress
}

func (f *fills) put(name string, p release.Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		f.last = map[string]release.Progress{}
	}
	f.last[name] = p
}

// of returns the latest word, or what is on record.
func (f *fills) of(s release.State) release.Progress {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.last[s.Release]; ok {
		return p
	}
	return s.Fill
}
