package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// longestPause is what the tests' plans permit.
const longestPause = 2 * time.Second

// pooled returns a plan whose release contracts while PgBouncer is paused.
func (h *house) pooled(c *controller, name, version string) release.Plan {
	p := h.migrating(c, name, version)
	p.Database.Pooler = release.Pooler{Console: "env:CONSOLE", Databases: []string{"shop-{{side}}"}, PauseMost: longestPause, DrainMost: time.Second,
		Around: []release.ActionKind{release.ActContract}, File: release.PoolFile{Path: "/etc/pgbouncer.ini", Content: release.File{Digest: "d"}}}
	return p
}

// calls returns what the database and PgBouncer were told, without repeated
// words.
func (h *house) calls() []string { return slices.Compact(h.world.database.seen()) }

// serves fails the test if clients wait, or had to wait for too long.
func (h *house) serves() {
	h.Helper()
	if now, longest := h.world.pool.waits(); now || longest > longestPause+2*reopenTry {
		h.Errorf("clients of PgBouncer wait: %v, at most for %s", now, longest)
	}
}

func TestAContractHappensInAPauseAfterTheOldSidesConnectionsAreGone(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.pooled(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Done)
		want := []string{"backup", "reload, back false", "expand", "fill from 0", "drain blue", "pause", "contract", "resume"}
		if got := h.calls(); !slices.Equal(got, want) {
			h.Errorf("the database and PgBouncer were told to %q, want %q", got, want)
		}
		h.serves()
		if _, longest := h.world.pool.waits(); longest == 0 || longest >= longestPause {
			h.Errorf("clients waited for %s", longest)
		}
		h.balanced("r2")
		told := ""
		for _, e := range h.entries("r2") {
			told += release.Sentence(e.Event) + "\n"
		}
		for _, want := range []string{"drain-pool blue (3 server connections replaced) done", "contract (PgBouncer's clients waited for "} {
			if !strings.Contains(told, want) {
				h.Errorf("the record does not say %q:\n%s", want, told)
			}
		}
	})
}

func TestAPauseEndsWithItsBoundWhateverTheWorkDoesAndItIsTriedAgain(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		tries := 0
		h.world.change(func() {
			h.world.before = func(ctx context.Context, o order) error {
				if o.kind != release.ActContract {
					return nil
				}
				if tries++; tries > 2 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}
		})
		h.deploy(one, h.pooled(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Done)
		if _, longest := h.world.pool.waits(); longest > longestPause {
			h.Errorf("clients waited for %s", longest)
		}
		h.serves()
		told := ""
		for _, e := range h.entries("r2") {
			told += release.Sentence(e.Event) + "\n"
		}
		if !strings.Contains(told, "PgBouncer's clients were made to wait for 2s, which is the bound, and contract was not done; they go on") {
			h.Errorf("the record does not say that the bound was passed:\n%s", told)
		}
	})
}

func TestAPauseThatDoesNotComeAboutEndsToo(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.world.pool.change(func() { h.world.pool.busy = true })
		h.deploy(one, h.pooled(one, "r2", "v2"))
		h.until("somebody is called", func() bool {
			v, _ := one.View("r2")
			return v.State.Halt != nil && v.State.Halt.Kind == release.NeedsHuman
		})
		h.world.pool.change(func() { h.world.pool.busy = false })
		h.untilPhase(one, "r2", release.Done)
		h.serves()
	})
}

func TestAPauseWhoseControllerDiesIsEndedByTheNextBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]bool{"at once": false, "once PgBouncer answers": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inHouse(t, func(h *house) {
				first := h.open("first")
				h.stand(first)
				h.world.change(func() {
					h.world.before = func(_ context.Context, o order) error {
						if o.kind == release.ActContract && !h.isDead("first") {
							h.world.pool.change(func() { h.world.pool.away = away })
							first.hand.die()
							return errDead
						}
						return nil
					}
				})
				h.deploy(first, h.pooled(first, "r2", "v2"))
				h.until("the first has died", func() bool { return h.isDead("first") })
				<-first.done
				if now, _ := h.world.pool.waits(); !now {
					h.Fatal("nobody waits: the test shows nothing")
				}
				told := len(h.world.database.seen())
				second := h.open("second")
				if away {
					h.until("it is tried more than once", func() bool {
						v, _ := second.View("r2")
						return slices.ContainsFunc(v.State.Tries, func(t release.Try) bool { return t.Kind == release.ActResumePool && t.Failures > 1 })
					})
					h.world.pool.change(func() { h.world.pool.away = false })
				}
				h.untilPhase(second, "r2", release.Done)
				if got := h.world.database.seen()[told:]; !slices.Equal(got, []string{"resume", "pause", "contract", "resume"}) {
					h.Errorf("the next controller told them to %q", got)
				}
				h.balanced("r2")
				if now, _ := h.world.pool.waits(); now {
					h.Error("clients wait for ever")
				}
			})
		})
	}
}

func TestNoDeathAtAnyRecordLeavesClientsWaiting(t *testing.T) {
	t.Parallel()
	records := 0
	inHouse(t, func(h *house) { records = h.playPooled(shift{}) })
	if records < 20 {
		t.Fatalf("only %d records", records)
	}
	for at := records - 14; at <= records; at++ { // from the point of no return on
		for _, dies := range []verdict{diesBefore, diesAfter} {
			inHouse(t, func(h *house) { h.playPooled(shift{dies, at}) })
		}
	}
}

// playPooled plays a release with PgBouncer to its end, whoever dies, and
// returns how many records the first controller appended.
func (h *house) playPooled(s shift) int {
	setup := h.open("setup")
	h.stand(setup)
	p := h.pooled(setup, "r2", "v2")
	setup.leave()
	first := h.hire("first")
	first.hand.onAppend = func(n int) verdict {
		if n == s.at {
			return s.dies
		}
		return goesThrough
	}
	first.work()
	now := first
	h.until("r2 is done", func() bool {
		if now == first && h.isDead("first") {
			<-first.done
			now = h.hire("second").work()
		}
		if !now.leads() {
			return false
		}
		v, known := now.View("r2")
		if !known {
			h.harmless(now.again(p))
			return false
		}
		return v.State.Phase == release.Done
	})
	if now, _ := h.world.pool.waits(); now {
		h.Errorf("a death at record %d leaves clients waiting", s.at)
	}
	if !h.world.database.contracted {
		h.Errorf("after a death at record %d the old shape is still there", s.at)
	}
	return first.hand.count()
}

func TestARefusedConfigurationOfThePoolTakesTheReleaseBack(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.world.pool.change(func() { h.world.pool.refuses = errors.New("line 3 makes no sense") })
		h.deploy(one, h.pooled(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.RolledBack)
		v, _ := one.View("r2")
		if !strings.Contains(v.State.Reason, "line 3 makes no sense") {
			h.Errorf("it was taken back because %s", v.State.Reason)
		}
		if got := h.calls(); got[len(got)-1] != "reload, back true" || slices.Contains(got, "expand") {
			h.Errorf("the database and PgBouncer were told to %q", got)
		}
	})
}

func TestARollbackDrainsTheNewSidesConnectionsAndPutsTheConfigurationBack(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.pooled(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Standby)
		h.request(one, "r2", release.VerbRollback)
		h.untilPhase(one, "r2", release.RolledBack)
		want := []string{"backup", "reload, back false", "expand", "fill from 0", "drain green", "revert", "reload, back true"}
		if got := h.calls(); !slices.Equal(got, want) {
			h.Errorf("the database and PgBouncer were told to %q, want %q", got, want)
		}
	})
}

func TestAPlanWithAPgBouncerNeedsSomebodyToSteerIt(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		one.Pools = nil
		if _, err := one.Deploy(h.Context(), h.pooled(one, "r2", "v2"), "ann"); !errors.Is(err, ErrRefused) || !errors.Is(err, errNoPools) {
			h.Errorf("it was answered %v", err)
		}
	})
}
