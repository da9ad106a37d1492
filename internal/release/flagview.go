package release

import (
	"fmt"
	"slices"
	"time"
)

// FlagView is what there is to say of a flag.
type FlagView struct {
	Name      string `json:"name"`
	Component string `json:"component,omitempty"`
	// Only is the part of the app that this is about.
	Only FlagScope `json:"only,omitzero"`
	// State is "on" or "off". Since, By and Reason are of the latest switch,
	// zero if there never was one.
	State  string    `json:"state"`
	Since  time.Time `json:"since,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	// Ways say how the app is told.
	Ways []string `json:"ways"`
	// Told says how far that is.
	Told FlagTold `json:"told"`
	// Error is why the app could not be told, Next what can be done about it or
	// what is left to do.
	Error string `json:"error,omitempty"`
	Next  string `json:"next,omitempty"`
	// Before are the instances that run with what was before the switch.
	Before []string `json:"before,omitempty"`
	// Dropped says that the version that stands does not declare it any more.
	Dropped bool `json:"dropped,omitempty"`
}

// FlagTold says how far the telling is.
type FlagTold string

// How far it can be.
const (
	FlagTellingNow FlagTold = "telling"
	FlagIsTold     FlagTold = "told"
	// FlagAtStart: instances are told when they start; some run with what was
	// before.
	FlagAtStart FlagTold = "at next start"
	FlagUntold  FlagTold = "failed"
)

// ShowFlags says how the flags stand, by name. w is what was last seen of the
// instances.
func (s Standing) ShowFlags(w World) []FlagView {
	list := []FlagView{}
	for _, f := range s.Flags {
		list = append(list, s.show(f, w))
	}
	return list
}

// ShowFlag says how a flag stands for a part of the app, whether or not it was
// ever switched for that.
func (s Standing) ShowFlag(name string, only FlagScope, w World) FlagView {
	f, _ := s.FlagFor(name, only)
	return s.show(f, w)
}

// show adds to a view what only the app's standing knows: whether there is
// anything of the version that a flag is switched for.
func (s Standing) show(f FlagState, w World) FlagView {
	v := f.show(w)
	byStart := !slices.ContainsFunc(f.Ways, func(way FlagWay) bool { return !way.Flag.told() })
	if v.Told != FlagIsTold || !byStart || f.Since.IsZero() || f.Only.Version == "" || s.runs(f.Only.Version, w) {
		return v
	}
	v.Told = FlagAtStart
	v.Next = fmt.Sprintf("nothing of version %s runs; it finds the feature %s when it starts", f.Only.Version, v.State)
	return v
}

// runs reports whether a version serves, or has an instance.
func (s Standing) runs(version string, w World) bool {
	return s.Plan.To.Version == version || slices.ContainsFunc(w.everyInstance(), func(in Instance) bool { return in.Version == version })
}

func (w World) everyInstance() []Instance {
	return slices.Concat(w.Sides.Blue.List, w.Sides.Green.List, w.Companions.List)
}

func (s FlagState) show(w World) FlagView {
	v := FlagView{Name: s.Name, Only: s.Only, Ways: []string{}, State: OnOff(s.Off), Since: s.Since, By: s.By, Reason: s.Reason, Told: FlagIsTold, Dropped: s.Dropped}
	for _, way := range s.Ways {
		v.Component = way.Flag.Component
		v.Ways = append(v.Ways, way.Flag.Way())
		if way.Flag.Environment != nil {
			v.Before = append(v.Before, s.runningWithBefore(*way.Flag.Environment, w)...)
		}
		switch {
		case way.GaveUp():
			v.Told, v.Error = FlagUntold, way.Error
		case !way.Told && v.Told != FlagUntold:
			v.Told, v.Error = FlagTellingNow, way.Error
		}
	}
	if v.Told == FlagIsTold && len(v.Before) > 0 {
		v.Told = FlagAtStart
	}
	v.Next = s.next(v)
	return v
}

// runningWithBefore names the instances that were started before the switch.
func (s FlagState) runningWithBefore(v FlagVariable, w World) []string {
	var ids []string
	if s.Since.IsZero() {
		return nil
	}
	for _, in := range w.everyInstance() {
		told := len(v.Components) == 0 || slices.Contains(v.Components, in.Component)
		if told && s.Only.Covers(in.Version, in.Component) && in.Alive && in.Since.Before(s.Since) {
			ids = append(ids, in.ID)
		}
	}
	return ids
}

func (s FlagState) next(v FlagView) string {
	verb := "enable"
	if s.Off {
		verb = "disable"
	}
	switch v.Told {
	case FlagUntold:
		return fmt.Sprintf("mend what the error says, then `cutover %s %s` tries again", verb, s.Name+s.Only.Options())
	case FlagAtStart:
		return fmt.Sprintf("%d instances go on as before until they are started anew; `cutover %s %s --restart` does that without an interruption", len(v.Before), verb, s.Name+s.Only.Options())
	}
	return ""
}
