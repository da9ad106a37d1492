package release

import "time"

// farAhead is how far ahead of a look a recorded time must lie to tell of a
// clock that was set back. What was recorded after the look lies ahead of it
// too, though never that far.
const farAhead = time.Minute

// ahead reports whether a time was recorded by a clock that has been set back
// since. Nothing waits for such a time to come: that could take as long as the
// clock was wrong.
func (d *decider) ahead(at time.Time) bool { return at.Sub(d.w.Now) > farAhead }

// noticeClock has the waits begin anew whose beginnings were recorded by a clock
// that has been set back since. Holds see to that themselves: their counters
// begin anew, too.
func (d *decider) noticeClock() bool {
	by := time.Duration(0)
	for _, at := range d.s.begun() {
		if d.ahead(*at) {
			by = max(by, at.Sub(d.w.Now))
		}
	}
	if by == 0 {
		return false
	}
	d.emit(Noticed{What: SetBack, Detail: "by " + Span(by.Round(time.Second)) + " or more: what is waited for gets its time from now on"})
	return true
}

// begun are the moments, of those that were, from which something is counted.
func (s *State) begun() []*time.Time {
	var set []*time.Time
	for _, at := range []*time.Time{&s.EnteredAt, &s.JudgedAt, &s.AilingSince, &s.DegradedAt.Blue, &s.DegradedAt.Green} {
		if !at.IsZero() {
			set = append(set, at)
		}
	}
	return set
}

// setBack lets nothing have begun after at, and nothing have been cut since.
func (s State) setBack(at time.Time) State {
	for _, began := range s.begun() {
		if began.After(at) {
			*began = at
		}
	}
	for _, cut := range []*Cut{&s.Cut.Blue, &s.Cut.Green} {
		if !cut.Last.Before(at) {
			cut.Last = at.Add(-1)
		}
	}
	return s
}
