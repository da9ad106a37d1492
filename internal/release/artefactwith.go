package release

import (
	"slices"
	"strings"
)

// With returns the artefact with variables set in its place of others of their
// names. It has the digest of the artefact it was made from: what an instance
// is told at its start is not what its version is.
func (a Artefact) With(vars ...EnvVar) Artefact {
	a.Env = slices.Clone(a.Env)
	for _, v := range vars {
		a.Env = slices.DeleteFunc(a.Env, func(o EnvVar) bool { return o.Name == v.Name })
		a.Env = append(a.Env, v)
	}
	slices.SortStableFunc(a.Env, func(x, y EnvVar) int { return strings.Compare(x.Name, y.Name) })
	return a
}
