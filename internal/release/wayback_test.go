package release

import (
	"strings"
	"testing"
	"time"
)

func TestEveryPhaseSaysWhetherAndHowItCanBeTakenBack(t *testing.T) {
	t.Parallel()
	canary, rolling := shopPlan(Canary, 4), shopPlan(RollingUpdate, 4)
	for _, c := range []struct {
		plan     Plan
		phase    Phase
		possible bool
		by       string
	}{
		{canary, Planned, true, "nothing to undo"},
		{canary, Starting, true, "nothing to undo"},
		{canary, Testing, true, "nothing to undo"},
		{canary, Shifting, true, "traffic flip"},
		{canary, Soaking, true, "traffic flip"},
		{canary, Standby, true, "traffic flip"},
		{rolling, Shifting, true, "restart"},
		{rolling, Standby, true, "restart"},
		{canary, Retiring, false, "none: v1 was retired"},
		{canary, Contracting, false, "none: v1 was retired"},
		{canary, Done, false, "none: v1 was retired"},
		{canary, Reverting, false, "it is being taken back, or has been"},
		{canary, RolledBack, false, "it is being taken back, or has been"},
		{firstOf(canary), Shifting, true, "traffic flip"},
		{firstOf(canary), Done, false, "none: nothing served before it"},
	} {
		got := Back(stateIn(c.plan, c.phase))
		if got.Possible != c.possible || got.By != c.by {
			t.Errorf("%s in %s: possible %t by %q, want %t by %q", c.plan.Strategy, c.phase, got.Possible, got.By, c.possible, c.by)
		}
		if got.Possible == strings.HasPrefix(got.String(), "not reversible") {
			t.Errorf("%s in %s reads %q", c.plan.Strategy, c.phase, got)
		}
		if got.Possible != c.phase.Reversible() {
			t.Errorf("%s: the way back and the phase disagree", c.phase)
		}
	}
}

func TestTheWayBackSaysUntilWhenItExistsWhereThatIsKnown(t *testing.T) {
	t.Parallel()
	none := shopPlan(Canary, 2)
	none.Standby = 0
	for _, c := range []struct {
		name string
		plan Plan
		ph   Phase
		held bool
		want time.Time
	}{
		{"standby", shopPlan(Canary, 2), Standby, true, noon.Add(24 * time.Hour)},
		{"soaking, with standby to come", shopPlan(Canary, 2), Soaking, true, time.Time{}},
		{"soaking, without standby", none, Soaking, true, noon.Add(time.Minute + 10*time.Minute)},
		{"soaking, not yet begun to count", none, Soaking, false, time.Time{}},
		{"soaking for the first time", firstOf(shopPlan(Canary, 2)), Soaking, true, noon.Add(time.Minute + 10*time.Second)},
		{"shifting", none, Shifting, true, time.Time{}},
	} {
		s := stateIn(c.plan, c.ph)
		s.Held, s.HeldAt = c.held, noon.Add(time.Minute)
		if got := Back(s); !got.Until.Equal(c.want) {
			t.Errorf("%s: until %s, want %s", c.name, got.Until, c.want)
		}
	}
}

func TestTheWayBackByRestartTakesAsLongAsTheNewInstancesTook(t *testing.T) {
	t.Parallel()
	s := stateIn(shopPlan(RollingUpdate, 4), Shifting)
	s.ReadyTook = 7 * time.Second
	if got := Back(s).String(); got != "reversible until it is retired, by restart, in about 7s" {
		t.Errorf("it reads %q", got)
	}
	s = stateIn(shopPlan(Canary, 4), Standby)
	s.ReadyTook = 7 * time.Second
	if got := Back(s).String(); got != "reversible until 2026-03-03 12:00:00 UTC, by traffic flip, in about 1s" {
		t.Errorf("it reads %q", got)
	}
	if got := Back(stateIn(shopPlan(Canary, 4), Warming)).String(); got != "reversible: no traffic has moved yet" {
		t.Errorf("it reads %q", got)
	}
}
