package release

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrUnknownEvent means that the journal holds an event this version does not
// know. Going on would mean guessing, so nothing may be decided.
var ErrUnknownEvent = errors.New("unknown event")

// Fold returns the state after an event. It changes neither argument and
// never looks at the world. An event that this version does not know, or one
// that cannot follow, is an error.
func Fold(s State, e Entry) (State, error) {
	if s.Phase == "" {
		rp, ok := e.Event.(RecordedPlan)
		if !ok {
			return s, fmt.Errorf("fold record %d: a release begins with a plan, not with %T", e.Seq, e.Event)
		}
		return begin(rp.Plan, e), nil
	}
	s.Seq = e.Seq
	switch ev := e.Event.(type) {
	case Entered:
		return s.enter(ev, e.At), nil
	case Reached:
		return s.reach(ev, e.At), nil
	case Intended:
		return s.intend(ev), nil
	case Finished:
		return s.finish(ev, e.At), nil
	case Progressed:
		if ev.Cache != nil {
			s.Purge = *ev.Cache
			return s, nil
		}
		s.Fill = ev.Progress
		return s, nil
	case Requested:
		return s.request(ev, e), nil
	case Halted:
		s.Halt = &Halt{Kind: ev.Kind, Reason: ev.Reason, Cure: ev.Cure, By: e.Actor, At: e.At}
		return s, nil
	case Judged:
		return s.judge(ev.Verdict, ev.Test, ev.Reading, e.At), nil
	case Weighed:
		return s.judge(ev.Verdict, ev.Test, ev.Reading, e.At), nil
	case Noticed:
		return s.notice(ev, e.At), nil
	case Switched, FlagIntended, FlagFinished:
		return s, nil // they are the app's; what stands has them
	case Ended:
		s.Phase, s.Reason, s.EndedAt, s.Ledger = ev.Outcome, ev.Reason, e.At, ev.Ledger
		s.Rejected = ev.Rejected
		s.EnteredAt, s.Tries, s.Halt, s.Test = e.At, nil, nil, nil
		return s, nil
	}
	return s, fmt.Errorf("fold record %d: %w %T", e.Seq, ErrUnknownEvent, e.Event)
}

func begin(p Plan, e Entry) State {
	if !p.From.Side.Valid() {
		p.From.Side = p.To.Side.Other()
	}
	return State{Release: p.Release, App: p.App, Plan: p, Seq: e.Seq, StartedAt: e.At,
		Phase: Planned, EnteredAt: e.At, Reason: "planned by " + e.Actor}
}

func (s State) judge(v Verdict, t Sealed, r *Reading, at time.Time) State {
	s.Verdict, s.JudgedAt = v, at
	if len(t) > 0 {
		s.Test = t
	}
	if r != nil {
		s = s.read(*r)
	}
	return s
}

func (s State) enter(ev Entered, at time.Time) State {
	if ev.Phase != s.Phase || ev.Phase != Shifting {
		s.Tries = nil
		s.DegradedAt = Sides[time.Time]{}
		s.Ailing, s.AilingSince = "", time.Time{}
	}
	if s.Phase == Starting && ev.Phase == Warming {
		s.ReadyTook = at.Sub(s.EnteredAt)
	}
	s.Phase, s.Step, s.Reason, s.EnteredAt = ev.Phase, ev.Step, ev.Reason, at
	s.Held, s.Next = false, false
	if len(ev.Test) > 0 {
		s.Test = ev.Test
	}
	switch ev.Phase {
	case Retiring:
		s.NoReturn, s.NoReturnAt, s.Test = true, at, nil
	case Soaking, Standby, Withdrawing:
		s.Promote = false
	case Reverting:
		s.Halt, s.Promote, s.Retire, s.Test = nil, false, false, nil
		s.Revert = ev.Reason
	}
	if ev.Reading != nil {
		s = s.read(*ev.Reading)
	}
	return s
}

func (s State) reach(ev Reached, at time.Time) State {
	s = s.read(ev.Reading)
	s.Held, s.HeldAt, s.Base = true, at, ev.Reading
	s.Verdict, s.JudgedAt = Verdict{Kind: NotEnough, Reason: "the hold has just begun"}, time.Time{}
	return s
}

// read brings the ledger up to a reading. A new epoch starts from zero, so
// its counters are the growth themselves.
func (s State) read(r Reading) State {
	switch s.Last.Epoch {
	case "":
	case r.Epoch:
		s.Ledger.Blue = s.Ledger.Blue.Plus(r.Sides.Blue.Minus(s.Last.Sides.Blue))
		s.Ledger.Green = s.Ledger.Green.Plus(r.Sides.Green.Minus(s.Last.Sides.Green))
	default:
		s.Ledger.Blue = s.Ledger.Blue.Plus(r.Sides.Blue)
		s.Ledger.Green = s.Ledger.Green.Plus(r.Sides.Green)
	}
	s.Last = r
	return s
}

func (s State) intend(ev Intended) State {
	s.Pending = append(slices.Clip(s.Pending), ev)
	s = s.poolIntended(ev.Action)
	switch ev.Action.Kind {
	case ActStart:
		s.Brought = s.Brought || ev.Action.Side == s.Plan.To.Side
		s = s.writing()
	case ActExpand:
		s.Expanded = true
	case ActContract:
		s.Contracted = true
	case ActExchange:
		s.Exchanging = true
	case ActCheck:
		s.Checked, s.Passed = nil, false
	case ActWarmUp:
		s.Warmed = false
	case ActWarmCache:
		s.CacheWarmed = false
	}
	return s
}

func (s State) finish(ev Finished, at time.Time) State {
	var did Action
	s.Pending = slices.DeleteFunc(slices.Clone(s.Pending), func(p Intended) bool {
		if p.Key == ev.Key {
			did = p.Action
		}
		return p.Key == ev.Key
	})
	s = s.poolFinished(ev)
	if ev.Canceled {
		return s
	}
	t := s.try(ev.Kind, ev.Side, ev.Component).after(ev, did, at, s.Plan.Tries)
	if t.OK && s.Halt != nil && s.Halt.Kind == NeedsHuman {
		s.Halt = nil
	}
	tries := slices.DeleteFunc(slices.Clone(s.Tries), func(o Try) bool { return o.of(ev.Kind, ev.Side, ev.Component) })
	s.Tries = append(tries, t)
	if t.OK {
		s = s.cached(did, ev)
	}
	if ev.Kind == ActBackup && t.OK {
		s.Saved = ev.Saved
	}
	if ev.Kind == ActWarmUp && t.OK {
		s.Warmed = true
	}
	if ev.Kind == ActRehearse && t.OK {
		s.Rehearsed = ev.Rehearsed
	}
	if ev.Kind == ActCheck && t.OK {
		s.Checked = ev.Checks
		s.Passed = !slices.ContainsFunc(ev.Checks, func(c CheckResult) bool { return !c.Passed })
	}
	return s
}

// after returns what is known of an action after one more result. Doing the
// very same again soon means that it had no effect; doing something else of
// that kind does not.
func (t Try) after(ev Finished, did Action, at time.Time, limits Tries) Try {
	again := t.OK && ev.Error == "" && t.Action.Same(did) && at.Sub(t.At) < 3*limits.pause(t.Repeats+1)
	if again {
		t.Repeats++
	} else {
		t.Repeats = 0
	}
	t.Kind, t.Side, t.Component, t.Action, t.At, t.OK, t.Error = ev.Kind, ev.Side, ev.Component, did, at, ev.Error == "", ev.Error
	if t.OK {
		t.Failures = 0
	} else {
		t.Failures++
	}
	return t
}

func (s State) request(ev Requested, e Entry) State {
	why := ev.Reason
	if why == "" {
		why = "no reason given"
	}
	switch ev.Verb {
	case VerbNext:
		if s.toApprove() {
			s.Approved, s.Halt = e.Actor, nil
			return s
		}
		s = s.overruled()
		s.Next = true
		s.Halt = nil
	case VerbPromote:
		s = s.overruled()
		s.Promote = true
		s.Halt = nil
	case VerbPause:
		s.Halt = &Halt{Kind: Paused, Reason: "paused by " + e.Actor + ": " + why, Cure: "`cutover resume` goes on", By: e.Actor, At: e.At}
	case VerbResume:
		s = s.resume(e.At)
	case VerbAbort, VerbRollback:
		if s.Phase.Reversible() {
			s.Revert = string(ev.Verb) + " by " + e.Actor + ": " + why
		}
	case VerbRetire:
		s.Retire = s.Phase == Standby
		s.Halt = nil
	}
	return s
}

func (s State) notice(ev Noticed, at time.Time) State {
	if ev.Component != "" {
		return s.noticeCompanion(ev, at)
	}
	switch ev.What {
	case Degraded:
		*s.DegradedAt.Of(ev.Side) = at
	case Recovered:
		*s.DegradedAt.Of(ev.Side) = time.Time{}
	case SetBack:
		return s.setBack(at)
	case CutOff:
		c := s.Cut.Of(ev.Side)
		c.Requests, c.Streams, c.Last = c.Requests+ev.Requests, c.Streams+ev.Streams, at
	case Restarted:
		*s.Restarts.Of(ev.Side)++
		if ev.Side == s.Plan.To.Side && s.Phase == Warming {
			s.Warmed, s.CacheWarmed = false, false // what was started again is cold
		}
	}
	return s
}

func (s State) noticeCompanion(ev Noticed, at time.Time) State {
	switch ev.What {
	case Degraded:
		s.Ailing, s.AilingSince = ev.Component, at
	case Recovered:
		s.Ailing, s.AilingSince = "", time.Time{}
	case Restarted:
		s.NewcomerRestarts++
	}
	return s
}

// overruled begins another comparison if somebody goes on although this one has
// failed the new version: what it found would stand for ever.
func (s State) overruled() State {
	if s.Verdict.Kind == Failing {
		s.Trial, s.Test = s.Trial+1, nil
	}
	return s
}

// resume gives whatever was waited for its full time again. A hold whose
// verdict was failing begins anew, or it would only halt again; so does a
// rehearsal that found more than is allowed.
func (s State) resume(at time.Time) State {
	if s.barred() {
		s.Rehearsed = nil
	}
	s.Halt, s.Tries, s.Forgiven = nil, nil, *s.Restarts.Of(s.Plan.To.Side)
	s.NewcomersForgiven = s.NewcomerRestarts
	if !s.AilingSince.IsZero() {
		s.AilingSince = at
	}
	if s.Verdict.Kind == Failing {
		s = s.overruled()
		s.Held = false
	}
	if s.Held {
		s.HeldAt = at
	}
	switch s.Phase {
	case Starting, Retiring, Reverting, Withdrawing:
		s.EnteredAt = at
	}
	for _, side := range []Side{Blue, Green} {
		if t := s.DegradedAt.Of(side); !t.IsZero() {
			*t = at
		}
	}
	return s
}
