package config

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cutover/internal/release"
)

// validateComponents reports names that are not of the app, and components
// that cannot stay as they are.
func (r *Release) validateComponents(a *App) {
	known := a.companions()
	for name := range r.Spec.To.Components {
		if !slices.Contains(known, name) {
			r.doc.report(entry("spec.to.components", name), fmt.Sprintf("%q is no worker or singleton of the app", printable(name)), meant(name, known))
		}
	}
	r.validateImages(a)
	if len(r.Spec.Components) == 0 {
		return
	}
	for i, name := range r.Spec.Components {
		if _, ok := a.Spec.Components[name]; !ok {
			r.doc.report(element("spec.components", i), fmt.Sprintf("%q is no component of the app", printable(name)), meant(name, append(known, a.front())))
		}
	}
	if front := a.front(); front != "" && !r.changes(front) {
		r.doc.report("spec.components", fmt.Sprintf("%s, which serves the users, is not among them", front),
			"add "+front+": a release brings in a version for its users, and may leave workers and singletons as they are")
	}
	for _, name := range known {
		if c := a.Spec.Components[name]; !r.changes(name) && c.dependsOnSide() {
			r.doc.report("spec.components", fmt.Sprintf("%s depends on {{side}}, and users change sides", name), "add "+name+" to the components that change")
		}
	}
	r.validateFlagFiles(a, known)
}

// changes reports whether a component takes part in the release.
func (r *Release) changes(name string) bool {
	return len(r.Spec.Components) == 0 || slices.Contains(r.Spec.Components, name)
}

// dependsOnSide reports whether the component is told which side it is on.
func (c Component) dependsOnSide() bool {
	texts := []string{c.Command.String()}
	for _, v := range c.Env {
		texts = append(texts, string(v))
	}
	return strings.Contains(strings.Join(texts, " "), "{{side}}")
}

// companionsOf plans what becomes of the workers and singletons: those that
// run, and those of the app.
func companionsOf(ctx context.Context, a *App, r *Release, now release.Running, side release.Side, keep Snapshot) ([]release.Companion, error) {
	var list []release.Companion
	for _, c := range now.Companions {
		if _, ok := a.Spec.Components[c.Name]; !ok || c.Name == a.front() {
			c.From, c.To = c.To, release.Target{}
			list = append(list, c)
		}
	}
	for _, name := range a.companions() {
		c, err := a.companion(ctx, r, name, now, side, keep)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b release.Companion) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (a *App) companion(ctx context.Context, r *Release, name string, now release.Running, side release.Side, keep Snapshot) (release.Companion, error) {
	spec := a.Spec.Components[name]
	c := release.Companion{Name: name, Replicas: spec.Replicas, Overlap: release.Together}
	if spec.Type == singleton {
		c.Overlap = release.Never
	}
	for _, runs := range now.Companions {
		if runs.Name == name {
			c.From = runs.To
		}
	}
	if !r.changes(name) && c.From.Version != "" {
		c.To = c.From
		return c, nil
	}
	artefact, err := artefactOf(ctx, a, r, name, keep)
	if err != nil {
		return c, err
	}
	cache, problem := cacheOf(a, r, now)
	if problem != nil {
		return c, Problems{problem}
	}
	artefact = told(artefact, cache)
	digest, err := Digest(artefact)
	if err != nil {
		return c, err
	}
	c.To = release.Target{Version: string(r.Spec.To.Version), Side: side, Digest: digest, Artefact: artefact}
	if c.From.Side == side {
		c.To.Side = side.Other() // it took no part in the release before
	}
	return c, nil
}
