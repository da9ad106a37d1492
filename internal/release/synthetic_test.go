package release

import (
	"strings"
	"testing"
	"time"
)

// standingIn is a verdict that is healthy by synthetic requests.
func standingIn(inHold int) Verdict {
	return Verdict{Kind: Healthy, Reason: "synthetic: green 0 errors in 90 requests",
		Synthetic: &SyntheticVerdict{Kind: Healthy, Pairs: 200, InHold: inHold, StandsIn: true}}
}

// quiet is a hold in which no user came.
func quiet(t *testing.T, v Verdict, promotes bool) (State, World) {
	t.Helper()
	p := shopPlan(Canary, 2)
	p.Synthetic = &Synthetic{Rate: 2, WhenBelow: 60, Block: time.Second, Promotes: promotes}
	s, w := held(t, p, time.Hour, v)
	w.Traffic.Sides.Green.Counters = Counters{}
	s.Verdict, s.JudgedAt = v, w.Now
	return s, w
}

func TestSyntheticRequestsEndAHoldOnlyWhereTheReleaseSaysSo(t *testing.T) {
	t.Parallel()
	s, w := quiet(t, standingIn(50), true)
	en, ok := onlyEvent(t, s, w).(Entered)
	if !ok || en.Step != 1 || !strings.Contains(en.Reason, "synthetic: green 0 errors") {
		t.Fatalf("what follows is %+v", en)
	}
	if vs := CheckEvent(s, w, en); len(vs) > 0 {
		t.Errorf("it would break %v", vs)
	}
	for name, one := range map[string]struct {
		v        Verdict
		promotes bool
	}{"nobody asked for it": {standingIn(50), false}, "too few in this hold": {standingIn(49), true},
		"they do not stand in": {Verdict{Kind: Healthy, Synthetic: &SyntheticVerdict{Kind: Healthy, InHold: 90}}, true}} {
		s, w := quiet(t, one.v, one.promotes)
		if d := Decide(s, w); len(d.Events) > 0 || !strings.Contains(strings.Join(Explain(s, w).Waits, "\n"), "of 50 requests on green") {
			t.Errorf("%s: what follows is %+v; it waits for %v", name, d, Explain(s, w).Waits)
		}
		if vs := CheckEvent(s, w, en); len(vs) == 0 {
			t.Errorf("%s: to go on breaks nothing", name)
		}
	}
}

func TestSyntheticRequestsAreSentOnlyWhileTrafficShiftsAndSoaks(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	p.Synthetic = &Synthetic{Rate: 2}
	for ph, want := range map[Phase]bool{Planned: false, Warming: false, Testing: false, Shifting: true, Soaking: true, Standby: false, Reverting: false, Done: false} {
		if got := stateIn(p, ph).Synthesizes(); got != want {
			t.Errorf("%s: %v", ph, got)
		}
	}
	if s := stateIn(firstOf(p), Shifting); s.Synthesizes() {
		t.Error("there is nobody to compare a first release with")
	}
	shadowed := p
	shadowed.Steps = append([]Step{{Shadow: &Shadow{Share: Percent(10)}}}, p.Steps...)
	if s := stateIn(shadowed, Shifting); s.Synthesizes() {
		t.Error("they are sent while only copies of requests are")
	}
	p.Synthetic = nil
	if s := stateIn(p, Shifting); s.Synthesizes() {
		t.Error("nobody asked for any")
	}
}

func TestPairsThatGrewAreWeighedThoughNoUserCame(t *testing.T) {
	t.Parallel()
	s, w := quiet(t, Verdict{Kind: NotEnough, Synthetic: &SyntheticVerdict{Pairs: 10}}, false)
	s.JudgedAt = w.Now.Add(-time.Hour)
	if d := Decide(s, w); len(d.Events) > 0 {
		t.Fatalf("nothing is new, and what follows is %+v", d)
	}
	w.Verdict.Synthetic = &SyntheticVerdict{Pairs: 11}
	if ev, ok := onlyEvent(t, s, w).(Weighed); !ok || ev.Verdict.Synthetic.Pairs != 11 {
		t.Errorf("what follows is %+v", ev)
	}
}
