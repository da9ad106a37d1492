package release

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// foldFlags returns the flags after an event. of is the state of the event's
// release after it. What the caller has is not changed.
func foldFlags(s Standing, e Entry, of State) []FlagState {
	switch ev := e.Event.(type) {
	case RecordedPlan:
		return declare(s.Flags, ev.Plan.Flags)
	case Ended:
		if ev.Outcome == Done {
			return retain(s.Flags, of.Plan.Flags)
		}
		return retain(s.Flags, s.Plan.Flags)
	case Switched:
		return s.parted(ev).onFlag(ev.Flag, ev.Only, func(f *FlagState) { f.turn(ev, e) })
	case FlagIntended:
		return s.onFlag(ev.Flag.Name, ev.Only, func(f *FlagState) { f.intend(ev) })
	case FlagFinished:
		return s.onFlag(ev.Flag, ev.Only, func(f *FlagState) { f.finish(ev, e.At) })
	}
	return s.Flags
}

// parted has a state for the part of the app that is switched for the first
// time, with every way that can tell of it.
func (s Standing) parted(ev Switched) Standing {
	whole, known := s.Flag(ev.Flag)
	if _, there := s.FlagFor(ev.Flag, ev.Only); there || !known {
		return s
	}
	part := FlagState{Name: ev.Flag, Only: ev.Only, Dropped: whole.Dropped}
	for _, w := range whole.Ways {
		if w.Flag.concerns(ev.Only) {
			part.Ways = append(part.Ways, FlagWay{Flag: w.Flag})
		}
	}
	s.Flags = append(slices.Clip(s.Flags), part)
	slices.SortFunc(s.Flags, flagOrder)
	return s
}

// flagOrder sorts by name, the whole app before its parts.
func flagOrder(a, b FlagState) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Only.Version, b.Only.Version), strings.Compare(a.Only.Component, b.Only.Component))
}

// onFlag changes a copy of one flag.
func (s Standing) onFlag(name string, only FlagScope, change func(*FlagState)) []FlagState {
	list := slices.Clone(s.Flags)
	for i := range list {
		if list[i].Name == name && list[i].Only.Same(only) {
			list[i].Ways = slices.Clone(list[i].Ways)
			change(&list[i])
		}
	}
	return list
}

// declare adds what a plan declares. A flag that is off stays off, and a new
// way of telling the app has to tell it; a file is to be there in any case.
func declare(have []FlagState, flags []Flag) []FlagState {
	list := slices.Clone(have)
	for _, f := range flags {
		if !slices.ContainsFunc(list, func(s FlagState) bool { return s.Name == f.Name }) {
			list = append(list, FlagState{Name: f.Name})
		}
		for i := range list {
			if list[i].Name == f.Name {
				list[i].declare(f)
			}
		}
	}
	slices.SortFunc(list, flagOrder)
	return list
}

// declare adds a way of telling the app, where it has to do with this part.
func (s *FlagState) declare(f Flag) {
	s.Dropped = false
	if s.way(f) < 0 && f.concerns(s.Only) {
		s.Ways = append(slices.Clip(s.Ways), FlagWay{Flag: f, Told: f.told() || !s.Off && f.File == nil})
	}
}

// retain keeps the ways of the plan that stands from now on, and flags that are
// off although it has none of that name. A part of the app that has nothing of
// its own any more is forgotten.
func retain(have []FlagState, flags []Flag) []FlagState {
	var list []FlagState
	for _, state := range have {
		at := slices.IndexFunc(flags, func(f Flag) bool { return f.Name == state.Name })
		switch {
		case !state.Only.Whole() && !state.Off:
			continue
		case at >= 0:
			state.Dropped = false
			if k := state.way(flags[at]); k >= 0 {
				state.Ways = []FlagWay{state.Ways[k]}
			} else if !state.Only.Whole() {
				state.Ways = nil // that version does not stand
			}
		case !anyOff(have, state.Name):
			continue
		default:
			state.Dropped = true
		}
		list = append(list, state)
	}
	return list
}

// anyOff reports whether a flag is off for any part of the app.
func anyOff(list []FlagState, name string) bool {
	return slices.ContainsFunc(list, func(f FlagState) bool { return f.Name == name && f.Off })
}

// way returns which of the ways tells as f says, -1 for none.
func (s FlagState) way(f Flag) int {
	return slices.IndexFunc(s.Ways, func(w FlagWay) bool { return w.Flag.Same(f) })
}

func (s *FlagState) turn(ev Switched, e Entry) {
	if s.Off != ev.Off || s.Since.IsZero() {
		s.Off, s.Since, s.By, s.Reason = ev.Off, e.At, e.Actor, ev.Reason
	}
	for i, w := range s.Ways {
		s.Ways[i] = FlagWay{Flag: w.Flag, Told: w.Flag.told(), Pending: w.Pending}
	}
}

func (s *FlagState) intend(ev FlagIntended) {
	if i := s.way(ev.Flag); i >= 0 {
		s.Ways[i].Pending = &FlagIntent{Key: ev.Key, Off: ev.Off}
	}
}

func (s *FlagState) finish(ev FlagFinished, at time.Time) {
	i := slices.IndexFunc(s.Ways, func(w FlagWay) bool { return w.Pending != nil && w.Pending.Key == ev.Key })
	if i < 0 {
		return // the plan that wanted it has gone meanwhile
	}
	w := &s.Ways[i]
	w.Pending = nil
	if ev.Canceled || ev.Off != s.Off {
		return // what is wanted by now has not been told
	}
	before := *w
	w.At, w.Error = at, ev.Error
	if ev.Error != "" {
		w.Told = false
		w.Failures++
		return
	}
	w.Told, w.Failures = true, 0
	if before.Told && at.Sub(before.At) < 3*doubled(retellPause, before.Repeats, retellMaxPause) {
		w.Repeats++
	} else {
		w.Repeats = 0
	}
}
