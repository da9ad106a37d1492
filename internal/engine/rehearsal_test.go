package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// rehearsed returns a plan that tries its change first, and has the rehearsal
// find something.
func (h *house) rehearsed(c *controller, impact release.Impact) release.Plan {
	p := h.migrating(c, "r2", "v2")
	p.Rehearsal = release.Rehearsal{Before: release.Expanding}
	h.world.database.finds = release.Rehearsed{Impact: impact, Took: time.Minute, Reasons: []string{"column users.name is gone"}}
	return p
}

func TestAChangeThatIsFoundHarmlessGoesOnByItself(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.rehearsed(one, release.Compatible))
		h.untilPhase(one, "r2", release.Standby)
		if got, want := h.world.database.seen(), []string{"rehearse change.yaml", "backup", "expand", "fill from 0"}; !slices.Equal(got, want) {
			h.Errorf("the database was told to %q, want %q", got, want)
		}
		if v, _ := one.View("r2"); v.State.Rehearsed == nil || v.State.Rehearsed.Took != time.Minute {
			h.Errorf("on record is the rehearsal %+v", v.State.Rehearsed)
		}
	})
}

func TestADestructiveChangeWaitsForSomebodyToApproveOfIt(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.rehearsed(one, release.Destructive))
		halted := func() bool { v, _ := one.View("r2"); return v.State.Halt != nil }
		h.until("it halts", halted)
		v, _ := one.View("r2")
		if v.State.Phase != release.Preflight || !strings.Contains(v.State.Halt.Reason, "column users.name is gone") || !strings.Contains(v.State.Halt.Cure, "cutover next") {
			h.Errorf("it is %s: %+v", v.State.Word(), v.State.Halt)
		}
		h.request(one, "r2", release.VerbResume)
		h.until("it was rehearsed again", func() bool { return len(h.world.ordersOf(release.ActRehearse)) == 2 && halted() })
		if got := h.world.database.seen(); slices.Contains(got, "expand") || slices.Contains(got, "backup") {
			h.Errorf("before anybody approved the database was told to %q", got)
		}
		h.request(one, "r2", release.VerbNext)
		h.untilPhase(one, "r2", release.Standby)
		if v, _ := one.View("r2"); v.State.Approved == "" {
			h.Error("who approved is not on record")
		}
	})
}

func TestAChangeThatDoesNotRunIsTakenBackUntouched(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.rehearsed(one, release.Unproven))
		h.untilPhase(one, "r2", release.RolledBack)
		v, _ := one.View("r2")
		if got := h.world.database.seen(); !slices.Equal(got, []string{"rehearse change.yaml"}) || v.State.Rejected || !strings.Contains(v.State.Reason, "rehearsal") {
			h.Errorf("the database was told to %q, and it ended because %q", got, v.State.Reason)
		}
		h.sees(alone(release.Blue, "v1"))
	})
}
