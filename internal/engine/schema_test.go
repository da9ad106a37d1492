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

// migrating returns a plan whose release changes the schema after a backup.
func (h *house) migrating(c *controller, name, version string) release.Plan {
	p := h.plan(c, name, version)
	p.Database = release.Database{Driver: release.SQLite, URL: "/shop.db"}
	p.Schema = release.Schema{Expand: true, Backfill: true, Contract: true, Change: release.File{Name: "change.yaml", Digest: "d"}}
	p.Backup = release.Backup{Before: release.Expanding}
	return p
}

func TestAReleaseSavesExpandsFillsAndContractsInThatOrder(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.migrating(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Standby)
		if got, want := h.world.database.seen(), []string{"backup", "expand", "fill from 0"}; !slices.Equal(got, want) {
			h.Errorf("by standby the database was told to %q, want %q", got, want)
		}
		h.untilPhase(one, "r2", release.Done)
		if got, want := h.world.database.seen(), []string{"backup", "expand", "fill from 0", "contract"}; !slices.Equal(got, want) {
			h.Errorf("the database was told to %q, want %q", got, want)
		}
		v, _ := one.View("r2")
		if v.State.Saved == nil || v.State.Saved.Rows != 10 || v.State.Fill.Done == 0 {
			h.Errorf("on record are the backup %+v and the fill %+v", v.State.Saved, v.State.Fill)
		}
		h.balanced("r2")
	})
}

func TestARollbackFromStandbyPutsTheSchemaBackAfterTheNewVersionIsGone(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.migrating(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Standby)
		h.request(one, "r2", release.VerbRollback)
		h.untilPhase(one, "r2", release.RolledBack)
		if got := h.world.database.seen(); got[len(got)-1] != "revert" {
			h.Errorf("the database was told to %q, want a revert last", got)
		}
		stop, revert := h.world.ordersOf(release.ActStop), h.world.ordersOf(release.ActRevertSchema)
		if last := stop[len(stop)-1]; !last.at.Before(revert[0].at) {
			h.Errorf("the schema was put back at %s, when the new version was stopped at %s only", revert[0].at, last.at)
		}
		h.sees(alone(release.Blue, "v1"))
	})
}

func TestAPausedReleaseStopsFillingAndGoesOnFromThereWhenResumed(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.migrating(one, "r2", "v2"))
		h.until("some pages are filled", func() bool { return one.progress("r2") > 10 })
		h.request(one, "r2", release.VerbPause)
		h.until("the fill stands still", func() bool {
			h.world.database.mu.Lock()
			defer h.world.database.mu.Unlock()
			return h.world.database.paused > 3
		})
		at := one.progress("r2")
		v, _ := one.View("r2")
		if waits := strings.Join(v.Explanation.Waits, "; "); !strings.Contains(waits, "filling users: ") || !strings.Contains(waits, "paused by ann") {
			h.Errorf("explain says %q", waits)
		}
		if v.State.Phase != release.Backfilling || at == tablePages {
			h.Errorf("it went on to %s, page %d", v.State.Phase, at)
		}
		h.request(one, "r2", release.VerbResume)
		h.untilPhase(one, "r2", release.Done)
		if calls := h.world.database.seen(); slices.ContainsFunc(calls[3:], func(c string) bool { return strings.HasPrefix(c, "fill") }) {
			h.Errorf("the fill was begun again: %q", calls)
		}
	})
}

func (c *controller) progress(name string) int64 {
	v, _ := c.View(name)
	return v.World.Schema.Progress.Done
}

func TestAControllerThatTakesOverFillsFromTheRecordedPlaceOn(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		two := h.hire("two").work()
		h.deploy(one, h.migrating(one, "r2", "v2"))
		h.until("half of it is filled", func() bool { return one.progress("r2") > tablePages*6/10 })
		one.hand.die()
		h.untilPhase(two, "r2", release.Done)
		fills := slices.DeleteFunc(h.world.database.seen(), func(c string) bool { return !strings.HasPrefix(c, "fill") })
		if len(fills) < 2 || fills[1] == "fill from 0" {
			h.Errorf("the second controller did not go on where the first was: %q", fills)
		}
		twice := 0
		for page, n := range h.world.database.pages {
			if n == 0 {
				h.Errorf("page %d was never filled", page)
			}
			if n > 1 {
				twice++
			}
		}
		if most := int(progressEvery/pageTime) + 1; twice > most {
			h.Errorf("%d pages were filled twice, want at most %d", twice, most)
		}
	})
}

func TestADatabaseThatCannotBeSeenHoldsTheReleaseAndSaysWhy(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.world.change(func() { h.world.blind["database"] = errors.New("connection refused") })
		h.deploy(one, h.migrating(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Expanding)
		<-time.After(20 * time.Second)
		v, _ := one.View("r2")
		if v.State.Phase != release.Expanding || !slices.ContainsFunc(v.Troubles, func(s string) bool { return strings.Contains(s, "connection refused") }) {
			h.Errorf("it is %s, with the troubles %q", v.State.Phase, v.Troubles)
		}
		h.world.change(func() { delete(h.world.blind, "database") })
		h.untilPhase(one, "r2", release.Done)
	})
}

func TestAnExpandThatKeepsFailingTakesTheReleaseBackWithTheReason(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.world.change(func() {
			h.world.before = func(_ context.Context, o order) error {
				if o.kind == release.ActExpand {
					return errUnfit
				}
				return nil
			}
		})
		h.deploy(one, h.migrating(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.RolledBack)
		v, _ := one.View("r2")
		if !strings.Contains(v.State.Reason, errUnfit.Error()) {
			h.Errorf("it ended because %q", v.State.Reason)
		}
		if v.State.Rejected {
			h.Errorf("a version that never ran is rejected")
		}
	})
}

func TestAControllerWithoutDatabasesRefusesAReleaseThatNeedsOne(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.hire("one")
		one.Schema = nil
		one.work()
		h.until("it leads", one.leads)
		h.stand(one)
		if _, err := one.Deploy(h.Context(), h.migrating(one, "r2", "v2"), "ann"); !errors.Is(err, ErrRefused) {
			h.Errorf("it was answered %v, want a refusal", err)
		}
	})
}
