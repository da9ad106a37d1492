package release

import (
	"fmt"
	"time"
)

// Decision is what follows from a state and a world.
type Decision struct {
	// Events are to be recorded, in order, and folded before deciding again.
	// Where there are any, Actions is empty.
	Events []Event
	// Actions are wanted now. One that is wanted stays in the list for as
	// long as the world does not show it done.
	Actions []Action
	// Waits says in words why nothing else happens; only Explain asks for it.
	Waits []string
}

// Decide says what a release does next. It is deterministic, reads nothing but
// its arguments and changes neither. Rollback comes first: it pre-empts every
// phase that can still be taken back.
func Decide(s State, w World) Decision {
	d := decider{p: &s.Plan, s: &s, w: &w}
	d.run()
	return d.out
}

type decider struct {
	p          *Plan
	s          *State
	w          *World
	out        Decision
	explaining bool
}

func (d *decider) run() {
	d.w.Verdict = d.s.Weigh(*d.w)
	if !d.poolOpen() {
		return
	}
	if d.s.Phase.Ended() {
		d.keep()
		return
	}
	if d.notice() {
		return
	}
	if d.s.Phase.Reversible() {
		if why := d.mustRevert(); why != "" {
			d.enter(Reverting, 0, "%s", why)
			return
		}
		if d.mustPause() {
			return
		}
	}
	if d.s.Phase != Planned && d.s.Phase != Waiting {
		d.tend()
	}
	switch d.s.Phase {
	case Planned, Waiting:
		d.gated()
	case Preflight:
		d.preflight()
	case Expanding:
		d.expanding()
	case Backfilling:
		d.backfilling()
	case Restoring:
		d.restoring()
	case Starting:
		d.starting()
	case Warming:
		d.warming()
	case Testing:
		d.testing()
	case Shifting:
		d.shifting()
	case Soaking:
		d.soaking()
	case Standby:
		d.standby()
	case Retiring:
		d.retiring()
	case Contracting:
		d.contracting()
	case Reverting:
		d.reverting()
	case Withdrawing:
		d.withdrawing()
	}
}

// enter begins a phase, with the front's counters if they are known.
func (d *decider) enter(ph Phase, step int, format string, args ...any) {
	d.emit(Entered{Phase: ph, Step: step, Reason: fmt.Sprintf(format, args...), Reading: d.reading()})
}

// reading returns the front's counters for the record, nil if they are not
// known.
func (d *decider) reading() *Reading {
	if !d.w.Traffic.Known {
		return nil
	}
	r := d.w.Traffic.Reading()
	return &r
}

// advance begins a phase unless somebody has paused the release.
func (d *decider) advance(ph Phase, step int, format string, args ...any) {
	if d.s.Halt != nil {
		d.wait("%s: %s", d.s.Halt.Kind, d.s.Halt.Reason)
		return
	}
	d.enter(ph, step, format, args...)
}

func (d *decider) emit(ev Event) {
	d.out.Events = append(d.out.Events, ev)
	d.out.Actions = nil
}

func (d *decider) wait(format string, args ...any) {
	if d.explaining {
		d.out.Waits = append(d.out.Waits, fmt.Sprintf(format, args...))
	}
}

// want asks for an action, unless it has just been done and the world needs a
// moment to show it, or has failed and its pause is not over. Both pauses grow
// as it happens again.
func (d *decider) want(a Action) {
	if len(d.out.Events) > 0 || d.stillPaused(a) {
		return
	}
	t := d.s.try(a.Kind, a.Side, a.Component)
	if t.Failures > 0 {
		if left := t.At.Add(d.p.Tries.pause(t.Failures)).Sub(d.w.Now); left > 0 && !d.ahead(t.At) {
			d.wait("%s failed %d times, tried again in %s: %s", a, t.Failures, Span(left.Round(time.Second)), t.Error)
			return
		}
	} else if t.OK && t.Action.Same(a) && d.w.Now.Sub(t.At) < d.p.Tries.pause(t.Repeats+1) && !d.ahead(t.At) {
		d.wait("%s is done, the world does not show it yet", a)
		return
	}
	d.wait("now: %s", a)
	d.out.Actions = append(d.out.Actions, a)
}

// pause returns how long to wait after n failures in a row.
func (t Tries) pause(n int) time.Duration {
	p := t.Pause
	for i := 1; i < n && p < t.MaxPause; i++ {
		p *= 2
	}
	return min(p, max(t.MaxPause, t.Pause))
}

func (d *decider) old() *Instances         { return d.w.Sides.Of(d.p.From.Side) }
func (d *decider) new() *Instances         { return d.w.Sides.Of(d.p.To.Side) }
func (d *decider) oldTraffic() SideTraffic { return *d.w.Traffic.Sides.Of(d.p.From.Side) }
func (d *decider) newTraffic() SideTraffic { return *d.w.Traffic.Sides.Of(d.p.To.Side) }
func (d *decider) inPhase() time.Duration  { return d.w.Now.Sub(d.s.EnteredAt) }
