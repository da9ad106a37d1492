package release

import (
	"errors"
	"time"
)

// noon is when the states of these tests begin.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// shopPlan returns a plan from v1 on blue to v2 on green.
func shopPlan(strategy Strategy, replicas int) Plan {
	p := Plan{Release: "r2", App: "shop", Author: "ann", Strategy: strategy, Replicas: replicas,
		From: Target{Version: "v1", Side: Blue, Digest: "d1"}, To: Target{Version: "v2", Side: Green, Digest: "d2"},
		ReadyWithin: time.Minute, Settle: 10 * time.Second, Standby: 24 * time.Hour,
		Soak:  Hold{AtLeast: 10 * time.Minute, AtLeastRequests: 100},
		Drain: Drain{Wait: 30 * time.Second, OnTimeout: DrainPause},
		Guard: Guard{MinRequests: 50, Margin: 0.01, OnFailure: Rollback},
		Tries: Tries{Most: 5, Pause: time.Second, MaxPause: 10 * time.Second}}
	hold := Hold{AtLeast: 5 * time.Minute, AtLeastRequests: 50}
	switch strategy {
	case Canary:
		p.Steps = []Step{{Weight: Percent(5), Hold: hold}, {Weight: Percent(25), Hold: hold}, {Weight: All, Hold: hold}}
	case BlueGreen:
		p.Steps = []Step{{Weight: All}}
	case RollingUpdate:
		p.Rolling = Rolling{Parallelism: 2, Delay: 10 * time.Second, Monitor: 20 * time.Second}
	}
	return p
}

// firstOf returns the plan as the first release of its app.
func firstOf(p Plan) Plan {
	p.From = Target{Side: Blue}
	return p
}

// stateIn returns the state of a plan that has just entered a phase.
func stateIn(p Plan, ph Phase) State {
	s := begin(p, Entry{Seq: 1, At: noon, Actor: "ann"})
	s.Phase, s.EnteredAt, s.Reason = ph, noon, "a test"
	s.NoReturn = ph == Retiring || ph == Contracting || ph == Done
	if s.NoReturn {
		s.NoReturnAt = noon
	}
	return s
}

// folded returns the state after events, a second apart.
func folded(p Plan, events ...Event) (State, error) {
	var s State
	var errs []error
	for i, ev := range append([]Event{RecordedPlan{Plan: p}}, events...) {
		var err error
		s, err = Fold(s, Entry{Seq: int64(i + 1), At: noon.Add(time.Duration(i) * time.Second), Actor: "ann", Event: ev})
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}
