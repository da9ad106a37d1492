package release

import (
	"slices"
	"time"
)

// FlagState is how one flag of an app stands: its events, folded.
type FlagState struct {
	Name string `json:"name"`
	// Only is the part of the app that it is about. The state of a flag for the
	// whole app comes before those for parts of it; what is off for one of them is
	// off.
	Only FlagScope `json:"only,omitzero"`
	Off  bool      `json:"off"`
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

// Flag returns a flag of the whole app by its name.
func (s Standing) Flag(name string) (FlagState, bool) { return s.FlagFor(name, FlagScope{}) }

// FlagFor returns how a flag stands for a part of the app; ok says that it was
// ever switched for that one.
func (s Standing) FlagFor(name string, only FlagScope) (state FlagState, ok bool) {
	for _, f := range s.Flags {
		if f.Name == name && f.Only.Same(only) {
			return f, true
		}
	}
	return FlagState{Name: name, Only: only}, false
}

// offFor reports whether a flag is off for an instance.
func (s Standing) offFor(name, version, component string) bool {
	return slices.ContainsFunc(s.Flags, func(f FlagState) bool {
		return f.Name == name && f.Off && f.Only.Covers(version, component)
	})
}

// FlagsOff lists the flags that are off.
func (s Standing) FlagsOff() []FlagOff {
	var list []FlagOff
	for _, f := range s.Flags {
		if f.Off {
			list = append(list, FlagOff{Name: f.Name, Only: f.Only, Since: f.Since, By: f.By, Reason: f.Reason})
		}
	}
	return list
}

// FlagOff is a flag that is off, and how that came about.
type FlagOff struct {
	Name string `json:"name"`
	// Only is the part of the app for which it is off.
	Only   FlagScope `json:"only,omitzero"`
	Since  time.Time `json:"since"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}
