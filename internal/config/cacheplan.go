package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/release"
)

// validateCache reports what app and release together show of the cache.
func (r *Release) validateCache(a *App) {
	change, c := r.Spec.Cache, a.Spec.Cache
	if c == nil {
		if change != nil {
			r.doc.report("spec.cache", "the app "+a.Metadata.Name+" names no cache", "add cache: {redis: ..., namespaces: ...} to the app's spec")
		}
		return
	}
	for _, env := range r.variables(a) {
		for name, n := range c.Namespaces {
			if _, set := env[n.Env]; set {
				a.doc.report(entry("spec.cache.namespaces", name)+".env", n.Env+" is set elsewhere too", "remove it there: it is set to the prefix of the generation")
			}
		}
	}
	if change == nil {
		return
	}
	known := slices.Sorted(maps.Keys(c.Namespaces))
	for path, list := range map[string][]string{"spec.cache.keep": change.Keep, "spec.cache.bump": change.Bump} {
		for i, name := range list {
			if !slices.Contains(known, name) {
				r.doc.report(element(path, i), fmt.Sprintf("%q is no namespace of the app's cache", printable(name)), meant(name, known))
			}
			if path == "spec.cache.bump" && slices.Contains(change.Keep, name) {
				r.doc.report(element(path, i), name+" is to be kept and bumped", "remove it from one of the two")
			}
		}
	}
	if change.Warm != nil && r.Spec.WarmUp == nil {
		r.doc.report("spec.cache.warm", "there is no warm-up to repeat", "add spec.warmUp with the requests that fill the cache")
	}
	if w := change.Warm; w != nil {
		checkPositive(w.AtMost, "spec.cache.warm.atMost", r.doc.reporter(""))
	}
}

// variables lists every set of variables that instances get.
func (r *Release) variables(a *App) []map[string]Text {
	list := []map[string]Text{a.Spec.Config.Env, r.Spec.To.Env}
	for _, c := range a.Spec.Components {
		list = append(list, c.Env)
	}
	for _, c := range r.Spec.To.Components {
		list = append(list, c.Env)
	}
	return list
}

// cacheOf plans which generations the versions use. The problem is one of the
// files, found only by what runs now.
func cacheOf(a *App, r *Release, now release.Running) (release.Cache, *Problem) {
	spec := a.Spec.Cache
	if spec == nil {
		spec = &Cache{Redis: Redis{}}
	}
	out := release.Cache{Redis: spec.Redis.resolve(a.doc.source.dir), PurgeRate: spec.PurgeRate}
	if r.Spec.Cache != nil {
		out.Warm = r.Spec.Cache.Warm.resolve()
	}
	runs := map[string]release.Namespace{}
	// Another place begins anew: what is left at the old one is not touched.
	if a.Spec.Cache != nil && now.Cache.Redis.Same(out.Redis) {
		for _, n := range now.Cache.Namespaces {
			if n.To.Prefix != "" {
				runs[n.Name] = n
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Namespaces)) {
		n, p := namespaceOf(a, r, name, runs[name].To, now.Generations[name])
		if p != nil {
			return out, p
		}
		out.Namespaces = append(out.Namespaces, n)
	}
	for name, n := range runs {
		if _, stays := spec.Namespaces[name]; !stays {
			out.Namespaces = append(out.Namespaces, release.Namespace{Name: name, Env: n.Env, From: n.To})
		}
	}
	slices.SortFunc(out.Namespaces, func(x, y release.Namespace) int { return strings.Compare(x.Name, y.Name) })
	if len(out.Namespaces) == 0 {
		return release.Cache{}, nil
	}
	return out, stranded(a, r, out, now)
}

func namespaceOf(a *App, r *Release, name string, from release.Generation, last int) (release.Namespace, *Problem) {
	spec := a.Spec.Cache.Namespaces[name]
	n := release.Namespace{Name: name, Env: spec.Env, From: from}
	keep, bump := false, false
	if c := r.Spec.Cache; c != nil {
		keep, bump = slices.Contains(c.Keep, name), slices.Contains(c.Bump, name)
	}
	same := strings.Replace(spec.Prefix, generation, strconv.Itoa(from.Number), 1) == from.Prefix
	if keep && from.Prefix != "" && !same {
		at := entry("spec.cache.namespaces", name) + ".prefix"
		return n, &Problem{Place: a.doc.at(at), Path: at, Reason: "what is kept has the prefix " + strconv.Quote(from.Prefix) + ", and this is another",
			Cure: "write the prefix that was there before, or remove the namespace from the release's cache.keep"}
	}
	if from.Prefix != "" && same && !bump && (keep || spec.Format == from.Format) {
		n.To = from
		n.To.Format = spec.Format
		return n, nil
	}
	number := max(from.Number, last) + 1
	n.To = release.Generation{Number: number, Prefix: strings.Replace(spec.Prefix, generation, strconv.Itoa(number), 1), Format: spec.Format}
	return n, nil
}

// stranded reports a component that would go on with a generation which is
// about to be given up, and a namespace that takes another's place.
func stranded(a *App, r *Release, c release.Cache, now release.Running) *Problem {
	for _, n := range c.Namespaces {
		if n.Kept() || n.From.Prefix == "" {
			continue
		}
		for _, o := range c.Namespaces {
			if o.Name != n.Name && o.To.Prefix != "" && (strings.HasPrefix(o.To.Prefix, n.From.Prefix) || strings.HasPrefix(n.From.Prefix, o.To.Prefix)) {
				at := entry("spec.cache.namespaces", o.Name) + ".prefix"
				return &Problem{Place: a.doc.at(at), Path: at, Reason: fmt.Sprintf("keys of %s, which serves now as %s, begin like it", n.Name, strconv.Quote(n.From.Prefix)),
					Cure: "keep the name " + n.Name + ", or write another prefix"}
			}
		}
		for _, runs := range now.Companions {
			if _, known := a.Spec.Components[runs.Name]; known && !r.changes(runs.Name) {
				return &Problem{Place: r.doc.at("spec.components"), Path: "spec.components",
					Reason: fmt.Sprintf("%s would go on with the old generation of the cache's %s", runs.Name, n.Name),
					Cure:   "add " + runs.Name + " to the components that change, or keep " + n.Name + " in spec.cache"}
			}
		}
	}
	return nil
}

// told returns the artefact with the prefixes of the new version's generations
// in its variables.
func told(artefact release.Artefact, c release.Cache) release.Artefact {
	for _, n := range c.Namespaces {
		if n.To.Prefix != "" {
			artefact.Env = append(slices.Clip(artefact.Env), release.EnvVar{Name: n.Env, Value: n.To.Prefix})
		}
	}
	slices.SortFunc(artefact.Env, func(x, y release.EnvVar) int { return strings.Compare(x.Name, y.Name) })
	return artefact
}
