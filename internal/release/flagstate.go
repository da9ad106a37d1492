package release

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// FlagState is how one flag of an app stands: its events, folded.
type FlagState struct {
	Name string `json:"name"`
	Off  bool   `json:"off"`
	// Since, By and Reason are of the latest switch; Since is zero for a flag
	// that was never switched.
	Since  time.Time `json:"since,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	// Ways are how the app is told. There is more than one while two versions
	// overlap that want to be told differently.
	Ways []FlagWay `json:"ways"`
	// Dropped says that the version that stands does not declare the flag any
	// more. It is kept because it is off.
	Dropped bool `json:"dropped,omitempty"`
}

// FlagWay is one way of telling the app, and how far that is.
type FlagWay struct {
	Flag Flag `json:"flag"`
	// Told says that the app was told the present state, at At. A variable counts
	// as told at once: it is there at the next start.
	Told bool `json:"told"`
	// Pending is the intent without a result, if there is one.
	Pending *FlagIntent `json:"pending,omitempty"`
	// Failures counts the tries that failed in a row, Error is the last one's and
	// At when that was.
	Failures int       `json:"failures,omitempty"`
	Error    string    `json:"error,omitempty"`
	At       time.Time `json:"at,omitzero"`
	// Repeats counts how often in a row it had to be done again because it did
	// not last.
	Repeats int `json:"repeats,omitempty"`
}

// FlagIntent is what was about to be told under which key.
type FlagIntent struct {
	Key string `json:"key"`
	Off bool   `json:"off"`
}

// Pauses between telling an app again what did not last, such as a file that
// somebody else replaces.
const (
	retellPause    = 2 * time.Second
	retellMaxPause = 10 * time.Minute
	maxFlagPause   = time.Minute
)

// GaveUp reports whether all tries have failed; switching the flag once more
// begins anew.
func (w FlagWay) GaveUp() bool { return !w.Told && w.Failures > w.Flag.Retries }

// GaveUp reports whether the app could not be told in one of the ways.
func (s FlagState) GaveUp() bool { return slices.ContainsFunc(s.Ways, FlagWay.GaveUp) }

// Due reports whether the app is to be told now. lost says that it was seen not
// to know what it was told.
func (w FlagWay) Due(now time.Time, lost bool) bool {
	pause := time.Duration(0)
	switch {
	case w.Told && !lost, w.GaveUp(), w.Flag.told():
		return false
	case w.Told:
		pause = doubled(retellPause, w.Repeats, retellMaxPause)
	case w.Failures > 0:
		pause = doubled(w.Flag.Pause, w.Failures-1, max(maxFlagPause, w.Flag.Pause))
	}
	return !now.Before(w.At.Add(pause)) || w.At.Sub(now) > farAhead
}

func doubled(pause time.Duration, times int, most time.Duration) time.Duration {
	for range times {
		if pause *= 2; pause >= most {
			return most
		}
	}
	return min(pause, most)
}

// Flag returns a flag of the app by its name.
func (s Standing) Flag(name string) (FlagState, bool) {
	for _, f := range s.Flags {
		if f.Name == name {
			return f, true
		}
	}
	return FlagState{}, false
}

// FlagsOff lists the flags that are off.
func (s Standing) FlagsOff() []FlagOff {
	var list []FlagOff
	for _, f := range s.Flags {
		if f.Off {
			list = append(list, FlagOff{Name: f.Name, Since: f.Since, By: f.By, Reason: f.Reason})
		}
	}
	return list
}

// FlagOff is a flag that is off, and how that came about.
type FlagOff struct {
	Name   string    `json:"name"`
	Since  time.Time `json:"since"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

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

// FlagOrderOf returns the order that tells the app of a flag in one of its ways.
func (s Standing) FlagOrderOf(f FlagState, w FlagWay, stamp Stamp) FlagOrder {
	o := FlagOrder{Stamp: stamp, Flag: w.Flag, On: !f.Off}
	if w.Flag.File == nil {
		return o
	}
	for _, other := range s.Flags {
		if slices.ContainsFunc(other.Ways, func(x FlagWay) bool { return x.Flag.File != nil && x.Flag.File.Path == w.Flag.File.Path }) {
			o.All = append(o.All, FlagValue{Name: other.Name, On: !other.Off})
		}
	}
	slices.SortFunc(o.All, func(a, b FlagValue) int { return cmp.Compare(a.Name, b.Name) })
	return o
}

// FlagVariables returns the variables by which an instance of a component is
// told, "" being the one with users, where flags are what its version declares.
// What is off and not among them is told as it was: it stays off.
func (s Standing) FlagVariables(flags []Flag, component string) []EnvVar {
	var vars []EnvVar
	for _, f := range append(s.undeclared(flags), flags...) {
		v := f.Environment
		if v == nil || len(v.Components) > 0 && !slices.Contains(v.Components, component) {
			continue
		}
		state, _ := s.Flag(f.Name)
		switch {
		case state.Off:
			vars = append(vars, EnvVar{Name: v.Variable, Value: v.Off})
		case v.On != "":
			vars = append(vars, EnvVar{Name: v.Variable, Value: v.On})
		}
	}
	return vars
}

// undeclared lists the ways of flags that are off and not declared any more.
func (s Standing) undeclared(flags []Flag) []Flag {
	var list []Flag
	for _, state := range s.Flags {
		if !state.Off || slices.ContainsFunc(flags, func(f Flag) bool { return f.Name == state.Name }) {
			continue
		}
		for _, w := range state.Ways {
			list = append(list, w.Flag)
		}
	}
	return list
}

// Untold returns which of the flags that a version declares the app has not
// been told of yet, and why; ok says that there is none. failed says that it is
// not tried any more.
func (s Standing) Untold(flags []Flag) (name, why string, failed, ok bool) {
	for _, f := range flags {
		state, known := s.Flag(f.Name)
		i := state.way(f)
		if !known || i < 0 || state.Ways[i].Told {
			continue
		}
		w := state.Ways[i]
		if w.GaveUp() || name == "" {
			name, why, failed = f.Name, w.Error, w.GaveUp()
		}
		if failed {
			break
		}
	}
	return name, why, failed, name == ""
}
