package release

import (
	"cmp"
	"slices"
)

// FlagOrderOf returns the order that tells the app of a flag in one of its ways.
func (s Standing) FlagOrderOf(f FlagState, w FlagWay, stamp Stamp) FlagOrder {
	o := FlagOrder{Stamp: stamp, Flag: w.Flag, Only: f.Only, On: !f.Off}
	if w.Flag.File == nil {
		return o
	}
	for _, other := range s.Flags {
		at := slices.IndexFunc(other.Ways, func(x FlagWay) bool { return x.Flag.File != nil && x.Flag.File.Path == w.Flag.File.Path })
		if at >= 0 && other.Only.Whole() {
			o.All = append(o.All, s.value(other, other.Ways[at].Flag))
		}
	}
	slices.SortFunc(o.All, func(a, b FlagValue) int { return cmp.Compare(a.Name, b.Name) })
	return o
}

// value returns what a file has to say of a flag that is declared as f. What the
// file's readers have in common needs not be told apart.
func (s Standing) value(state FlagState, f Flag) FlagValue {
	v := FlagValue{Name: state.Name, On: !state.Off}
	for _, part := range s.Flags {
		only := part.Only
		if part.Name != state.Name || only.Whole() || !part.Off || !f.concerns(only) {
			continue
		}
		if f.File.Version != "" {
			only.Version = ""
		}
		if only.Component == f.Component {
			only.Component = ""
		}
		if only.Whole() {
			v.On = false
		}
		v.OffFor = append(v.OffFor, FlagScope{Version: only.Version, Component: only.Component})
	}
	if !v.On {
		v.OffFor = nil
	}
	return v
}

// FlagVariables returns the variables by which an instance of a version and a
// component is told, "" being the one with users, where flags are what its
// version declares. What is off and not among them is told as it was: it stays
// off.
func (s Standing) FlagVariables(flags []Flag, version, component string) []EnvVar {
	var vars []EnvVar
	for _, f := range append(s.undeclared(flags, version, component), flags...) {
		v := f.Environment
		if v == nil || len(v.Components) > 0 && !slices.Contains(v.Components, component) {
			continue
		}
		switch {
		case s.offFor(f.Name, version, component):
			vars = append(vars, EnvVar{Name: v.Variable, Value: v.Off})
		case v.On != "":
			vars = append(vars, EnvVar{Name: v.Variable, Value: v.On})
		}
	}
	return vars
}

// undeclared lists the ways of flags that are off for an instance and not
// declared any more.
func (s Standing) undeclared(flags []Flag, version, component string) []Flag {
	var list []Flag
	for _, state := range s.Flags {
		if !state.Off || !state.Only.Covers(version, component) || slices.ContainsFunc(flags, func(f Flag) bool { return f.Name == state.Name }) {
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
		for _, state := range s.Flags {
			i := state.way(f)
			if state.Name != f.Name || i < 0 || state.Ways[i].Told || failed {
				continue
			}
			if w := state.Ways[i]; w.GaveUp() || name == "" {
				name, why, failed = f.Name, w.Error, w.GaveUp()
			}
		}
	}
	return name, why, failed, name == ""
}
