package config

import (
	"fmt"
	"slices"
	"strings"

	"cutover/internal/hazard"
)

// catalogue warns of what is known of the app's releases.
func (l lint) catalogue(a *App, r *Release) {
	if a.Spec.Catalogue == "" {
		return
	}
	in := input{path: absolute(a.Spec.Catalogue, a.doc.source.dir), key: "spec.catalogue", doc: a.doc}
	data, p := in.readWhole()
	if p != nil {
		*l.found = append(*l.found, Finding{"unusable-file", p.Place, p.Path, p.Reason, p.Cure, Bad})
		return
	}
	known, err := hazard.Read(data)
	if err != nil {
		*l.found = append(*l.found, Finding{"unusable-file", a.doc.at(in.key), in.key, err.Error(), "correct " + in.path, Bad})
		return
	}
	if r.Spec.Schema != nil && r.Spec.Schema.Native != nil {
		l.hazards(known, r.Spec.Schema.Native.Revisions)
	}
	l.gone(known, a, r)
}

// precautions say what to do about a kind of hazard.
var precautions = map[hazard.Kind]string{
	hazard.Drops:       "rehearse the release, which tries the older version on the changed clone, and have a backup",
	hazard.Retypes:     "rehearse the release, which tries the older version on the changed clone, and have a backup",
	hazard.Rewrites:    "have a backup, and keep the time short in which both versions serve",
	hazard.Permissions: "try roles of your own on the older version after the rehearsal",
	hazard.Locks:       "choose a quiet hour; the lock budget bounds what users wait",
}

// hazards tells of revisions that are not harmless, those that do the same
// together.
func (l lint) hazards(known hazard.Catalogue, revisions []Text) {
	var names []string
	for _, revision := range revisions {
		names = append(names, string(revision))
	}
	found := known.Of(names)
	for len(found) > 0 {
		first, alike, rest := found[0], []string(nil), []hazard.Hazard(nil)
		for _, h := range found {
			if h.Kind == first.Kind && h.What == first.What && h.Why == first.Why {
				alike = append(alike, h.Revision)
			} else {
				rest = append(rest, h)
			}
		}
		at := element("spec.schema.native.revisions", slices.Index(names, first.Revision))
		l.warn("known-hazard", at, fmt.Sprintf("%s (%s): %s; %s", strings.Join(alike, ", "), first.Kind, first.What, first.Why), precautions[first.Kind])
		found = rest
	}
}

// gone tells of names in the configuration that mean nothing to the version.
func (l lint) gone(known hazard.Catalogue, a *App, r *Release) {
	in, err := inputsOf(a, r, a.front())
	if err != nil {
		return
	}
	version := string(r.Spec.To.Version)
	cure := "remove it, and see what the notes on that version have in its place"
	reason := func(g hazard.Gone) string {
		return fmt.Sprintf("%s %s is not known since %s, so it does nothing in %s", g.Kind, g.Name, g.Since, version)
	}
	for _, v := range in.env {
		for _, g := range known.GoneFrom(v.Name, version) {
			l.warn("gone-setting", "spec", reason(g), cure)
		}
	}
	contents, _ := in.contents(a, r)
	for _, c := range contents {
		for _, g := range known.GoneFrom(string(c.data), version) {
			*l.found = append(*l.found, Finding{"gone-setting", Place{c.path, g.Line, 1}, c.key, reason(g), cure, Warning})
		}
	}
}
