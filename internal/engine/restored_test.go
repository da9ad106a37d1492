package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
	"cutover/internal/store/memory"
)

// rewind replaces the journal by a copy of its first records, as someone does
// who restores a backup, and records that.
func (h *house) rewind(keep int64) {
	h.Helper()
	old, err := h.store.Records(h.Context(), store.Query{})
	if err != nil {
		h.Fatal(err)
	}
	h.store = &memory.Store{}
	lease, err := h.store.Acquire(h.Context(), "the restorer", time.Now(), time.Hour)
	if err != nil {
		h.Fatal(err)
	}
	if _, err := h.store.Append(h.Context(), lease, 0, old[:keep], nil); err != nil {
		h.Fatal(err)
	}
	ev := release.Restored{Kept: keep, Lost: int64(len(old)), Reason: "the journal was restored from a backup"}
	if _, err := RecordRestored(h.Context(), h.store, lease, time.Now(), "ann", ev); err != nil {
		h.Fatal(err)
	}
	if err := h.store.Yield(h.Context(), lease); err != nil {
		h.Fatal(err)
	}
}

// A backup of the journal is from before a release that has been completed
// since. Without the halt the old version would be started and get the traffic.
func TestAfterARestoredJournalNothingIsDoneUntilSomebodyResumes(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		kept := int64(len(h.entries("")))
		h.deploy(one, h.plan(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Done)
		one.leave()
		h.rewind(kept)
		orders := len(h.world.orders)

		two := h.open("two")
		began := time.Now()
		h.until("ten seconds passed", func() bool { return time.Since(began) > 10*time.Second })
		h.sees(alone(release.Green, "v2"))
		if n := len(h.world.orders); n != orders {
			h.Fatalf("%d orders were given, the first %+v", n-orders, h.world.orders[orders])
		}
		v, _ := two.View("r1")
		if v.State.Halt == nil || v.State.Halt.Kind != release.NeedsHuman || !strings.Contains(v.Explanation.Waits[0], "cutover resume") {
			h.Errorf("it is shown as %+v, %v", v.State.Halt, v.Explanation.Waits)
		}
		if v.World.Now.IsZero() {
			h.Errorf("the world was not looked at")
		}
		if _, err := two.Deploy(h.Context(), h.plan(two, "r3", "v3"), "ann"); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "cutover resume") {
			h.Errorf("deploy: %v", err)
		}
		if err := two.Request(h.Context(), "r1", release.VerbRetire, "ann", ""); !errors.Is(err, ErrRefused) {
			h.Errorf("retire: %v", err)
		}
		h.request(two, "r1", release.VerbResume)
		h.until("v1 is started again", func() bool { return len(h.world.orders) > orders })
		if err := two.Request(h.Context(), "r1", release.VerbResume, "ann", ""); !errors.Is(err, ErrRefused) {
			h.Errorf("resume again: %v", err)
		}
	})
}

// A backup from the middle of a release: it stands still as well.
func TestAReleaseUnderWayInARestoredJournalStandsStill(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.plan(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Shifting)
		kept := int64(len(h.entries("")))
		h.untilPhase(one, "r2", release.Done)
		one.leave()
		h.rewind(kept)
		orders, records := len(h.world.orders), len(h.entries(""))
		two := h.open("two")
		began := time.Now()
		h.until("ten seconds passed", func() bool { return time.Since(began) > 10*time.Second })
		if len(h.world.orders) != orders || len(h.entries("")) != records {
			h.Errorf("%d orders and %d records more", len(h.world.orders)-orders, len(h.entries(""))-records)
		}
		h.request(two, "r2", release.VerbResume)
		h.until("the release goes on", func() bool { return len(h.entries("")) > records+1 })
	})
}
