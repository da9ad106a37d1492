package condition

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"cutover/internal/signal"
)

// The groups of names an expression may use.
const (
	green    = "green"
	blue     = "blue"
	shared   = "shared"
	baseline = "baseline"
	moment   = "release"
)

// moments are what can be said of the release itself.
var moments = []struct {
	name string
	of   *cel.Type
}{{"phase", cel.StringType}, {"seconds", cel.DoubleType}, {"step", cel.IntType}, {"weight", cel.DoubleType}}

// variables are the names that exist, by group.
type variables map[string][]string

func variablesOf(signals []signal.Signal) variables {
	v := variables{green: nil, blue: nil, shared: nil, baseline: nil}
	for _, s := range signals {
		if s.Shared {
			v[shared] = append(v[shared], s.Name)
		} else {
			v[green], v[blue] = append(v[green], s.Name), append(v[blue], s.Name)
		}
		v[baseline] = append(v[baseline], s.Name)
	}
	for _, m := range moments {
		v[moment] = append(v[moment], m.name)
	}
	return v
}

// declare makes every name one variable with a type of its own, so that a name
// that does not exist, or that stands for a whole group, does not compile.
func (v variables) declare() []cel.EnvOption {
	var all []cel.EnvOption
	for _, m := range moments {
		all = append(all, cel.Variable(moment+"."+m.name, m.of))
	}
	for _, group := range []string{green, blue, shared, baseline} {
		for _, name := range v[group] {
			all = append(all, cel.Variable(group+"."+name, cel.DoubleType))
		}
	}
	return all
}

// unknown explains a name that does not exist.
func (v variables) unknown(group, name string) (reason, cure string) {
	names, ok := v[group]
	switch {
	case !ok:
		return "there is no " + group, "the groups of names are green, blue, shared, baseline and release"
	case name == "":
		return group + " by itself is no number", "write " + group + ".NAME with one of " + list(names)
	case group == moment:
		return "the release has no " + name, "it has " + list(names)
	case (group == green || group == blue) && slices.Contains(v[shared], name):
		return "both sides share the signal " + name, "write " + shared + "." + name
	case group == shared && slices.Contains(v[green], name):
		return "the signal " + name + " is read by side", "write " + green + "." + name + " or " + blue + "." + name
	}
	return "there is no signal " + name + " in " + group, "there is " + list(names)
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return strings.Join(names, ", ")
}
