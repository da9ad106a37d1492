package engine

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// patient is a canary whose first step takes long enough for a test to do
// something in the middle of it.
func (h *house) patient(c *controller) release.Plan {
	p := h.plan(c, "r2", "v2")
	p.Steps[0].Hold.AtLeast, p.Steps[0].Hold.AtMost = 20*time.Second, 40*time.Second
	p.Guard.FalseAlarms, p.Guard.Outage, p.Guard.Slower, p.Guard.WarmUp = 0.001, 0.02, 0.05, 2*time.Second
	return p
}

// untilHeld waits for a hold of r2 to have lasted a moment.
func (h *house) untilHeld(c *controller, ph release.Phase) {
	h.Helper()
	h.until("r2 is held in "+string(ph), func() bool {
		v, _ := c.View("r2")
		return v.State.Phase == ph && v.State.Held && v.World.Now.Sub(v.State.HeldAt) > 3*time.Second
	})
}

func TestAnotherControllerGoesOnWithTheVerySameComparison(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		first := h.open("first")
		h.stand(first)
		p := h.patient(first)
		p.Soak.AtLeast = 10 * time.Second
		h.deploy(first, p)
		h.untilHeld(first, release.Shifting)
		first.hand.die()
		<-first.done
		kept := h.lastTest("r2")
		if kept.Test.Looks < 10 {
			t.Fatalf("the comparison on record has %d looks", kept.Test.Looks)
		}

		second := h.open("second")
		h.untilHeld(second, release.Soaking)
		later := h.lastTest("r2")
		if later.Test.Looks <= kept.Test.Looks || later.Test.Signals[0].Worse.Events < kept.Test.Signals[0].Worse.Events {
			t.Errorf("it began anew: %d looks, then %d", kept.Test.Looks, later.Test.Looks)
		}
		// Every request of the new version is in it, whoever looked, but for
		// those of the moments in which the split changed.
		v, _ := second.View("r2")
		evidence := v.World.Verdict.Evidence.Signals[0]
		have, all := evidence.New.Requests, float64(v.World.Traffic.Sides.Green.Users.Requests)
		if have > all || have < all-3*requestsPerSecond {
			t.Errorf("the comparison has %.0f of the %.0f requests", have, all)
		}
	})
}

// lastTest is the comparison as it stands on record last.
func (h *house) lastTest(name string) comparison {
	h.Helper()
	var c comparison
	for _, e := range h.entries(name) {
		var kept release.Sealed
		switch ev := e.Event.(type) {
		case release.Judged:
			kept = ev.Test
		case release.Weighed:
			kept = ev.Test
		case release.Entered:
			kept = ev.Test
		}
		if len(kept) == 0 {
			continue
		}
		c = comparison{}
		if err := json.Unmarshal(kept, &c); err != nil {
			h.Fatal(err)
		}
	}
	return c
}

func TestAnOutageOfBothVersionsPausesTheReleaseAndResumeGoesOn(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.deploy(c, h.patient(c))
		h.untilHeld(c, release.Shifting)
		h.world.change(func() { h.world.sick["v1"], h.world.sick["v2"] = true, true })
		h.until("r2 is paused", func() bool { v, _ := c.View("r2"); return v.State.Halt != nil })
		v, _ := c.View("r2")
		if v.State.Phase != release.Shifting || !strings.Contains(v.State.Halt.Reason, "both versions have too many errors") {
			t.Errorf("it is %s: %s", v.State.Word(), v.State.Halt.Reason)
		}
		h.sees("green: ready map[v2:2], 25% of the traffic")

		h.world.change(func() { clear(h.world.sick) })
		h.until("both are well", func() bool { v, _ := c.View("r2"); return v.World.Verdict.Kind == release.Healthy })
		h.request(c, "r2", release.VerbResume)
		h.untilPhase(c, "r2", release.Standby)
	})
}

func TestWithoutAnyTrafficAReleaseWaitsAndThenPausesWithTheReason(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.world.change(func() { h.world.quiet = true })
		h.deploy(c, h.patient(c))
		h.untilHeld(c, release.Shifting)
		v, _ := c.View("r2")
		if waits := strings.Join(v.Explanation.Waits, "\n"); !strings.Contains(waits, "green has had no requests") {
			t.Errorf("it waits for:\n%s", waits)
		}
		h.until("r2 is paused", func() bool { v, _ := c.View("r2"); return v.State.Halt != nil })
		v, _ = c.View("r2")
		if !strings.Contains(v.State.Halt.Reason, "no sufficient evidence after 40s") || v.State.Step != 0 {
			t.Errorf("it is %s: %s", v.State.Word(), v.State.Halt.Reason)
		}
	})
}

func TestSignalsThatVanishMidwayMakeItWait(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.deploy(c, h.patient(c))
		h.untilHeld(c, release.Shifting)
		h.world.change(func() { h.world.blind["front"] = errDown })
		passed := h.world.lastLook().Add(time.Minute)
		h.until("a minute has passed", func() bool { return h.world.lastLook().After(passed) })
		v, _ := c.View("r2")
		if v.State.Phase != release.Shifting || v.State.Step != 0 || v.World.Verdict.Kind != release.Unknown {
			t.Errorf("it is %s, the verdict %q", v.State.Word(), v.World.Verdict.Kind)
		}
		h.world.change(func() { delete(h.world.blind, "front") })
		h.untilPhase(c, "r2", release.Standby)
	})
}

func TestAVersionThatGetsBadInStandbyIsTakenBack(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		p := h.patient(c)
		p.Standby = 2 * time.Minute
		h.deploy(c, p)
		h.untilHeld(c, release.Standby)
		h.world.change(func() { h.world.sick["v2"] = true })
		h.untilPhase(c, "r2", release.RolledBack)
		h.sees(alone(release.Blue, "v1"))
		v, _ := c.View("r2")
		if !strings.Contains(v.State.Reason, "compared with what blue did before") {
			t.Errorf("it was taken back because %s", v.State.Reason)
		}
	})
}

func TestASlowVersionIsTakenBack(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.world.change(func() { h.world.slow["v2"] = true })
		h.deploy(c, h.patient(c))
		h.untilPhase(c, "r2", release.RolledBack)
		v, _ := c.View("r2")
		if !strings.Contains(v.State.Reason, "latency: green half within") {
			t.Errorf("it was taken back because %s", v.State.Reason)
		}
	})
}

func TestAVerdictThatPausesIsOverruledByGoingOn(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		p := h.patient(c)
		p.Guard.OnFailure = release.Pause
		h.deploy(c, p)
		h.untilHeld(c, release.Shifting)
		h.world.change(func() { h.world.sick["v2"] = true })
		halted := func() bool { v, _ := c.View("r2"); return v.State.Halt != nil }
		h.until("r2 is paused", halted)
		h.world.change(func() { clear(h.world.sick) })
		h.request(c, "r2", release.VerbResume)
		h.untilPhase(c, "r2", release.Standby)
		if v, _ := c.View("r2"); v.State.Trial != 1 {
			t.Errorf("there were %d other comparisons, want 1", v.State.Trial)
		}
	})
}
