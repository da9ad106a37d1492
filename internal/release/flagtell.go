package release

import (
	"cmp"
	"slices"
)

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
