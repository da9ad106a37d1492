package release

import (
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
		return s.onFlag(ev.Flag, func(f *FlagState) { f.turn(ev, e) })
	case FlagIntended:
		return s.onFlag(ev.Flag.Name, func(f *FlagState) { f.intend(ev) })
	case FlagFinished:
		return s.onFlag(ev.Flag, func(f *FlagState) { f.finish(ev, e.At) })
	}
	return s.Flags
}

// onFlag changes a copy of one flag.
func (s Standing) onFlag(name string, change func(*FlagState)) []FlagState {
	list := slices.Clone(s.Flags)
	for i := range list {
		if list[i].Name == name {
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
		at := slices.IndexFunc(list, func(s FlagState) bool { return s.Name == f.Name })
		if at < 0 {
			list, at = append(list, FlagState{Name: f.Name}), len(list)
		}
		state := &list[at]
		state.Dropped = false
		if state.way(f) < 0 {
			state.Ways = append(slices.Clip(state.Ways), FlagWay{Flag: f, Told: f.told() || !state.Off && f.File == nil})
		}
	}
	slices.SortFunc(list, func(a, b FlagState) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// retain keeps the ways of the plan that stands from now on, and flags that are
// off although it has none of that name.
func retain(have []FlagState, flags []Flag) []FlagState {
	var list []FlagState
	for _, state := range have {
		at := slices.IndexFunc(flags, func(f Flag) bool { return f.Name == state.Name })
		switch {
		case at >= 0:
			state.Dropped = false
			if k := state.way(flags[at]); k >= 0 {
				state.Ways = []FlagWay{state.Ways[k]}
			}
		case !state.Off:
			continue
		default:
			state.Dropped = true
		}
		list = append(list, state)
	}
	return list
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
