package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"cutover/internal/release"
	"cutover/internal/signal"
)

// validate judges a number of the cache by itself.
func (c *CacheNumber) validate(refuse report) {
	switch {
	case c == nil:
	case c.Measure == signal.Misses && c.Namespace == "":
		refuse("namespace", "misses are told apart by the keys' prefixes, and no namespace is named", "name one of the app's spec.cache.namespaces")
	case c.Measure == signal.MissedShare && c.Namespace != "":
		refuse("namespace", "Redis counts hits for the whole server alone", "remove it, or write measure: misses")
	}
}

// counts reports whether it is a counter of each side.
func (c *CacheNumber) counts() bool { return c != nil && c.Measure == signal.Misses }

// validateCacheSignals reports what signals say of a cache that the app's file
// does not.
func (r *Release) validateCacheSignals(a *App) {
	for i, s := range r.Spec.Signals.Watch {
		if s.Cache == nil {
			continue
		}
		at := join("spec.signals", join(element("watch", i), "cache"))
		if a.Spec.Cache == nil {
			r.doc.report(at, "the app "+a.Metadata.Name+" names no cache", "add cache: {redis: ..., namespaces: ...} to the app's spec")
			continue
		}
		known := slices.Sorted(maps.Keys(a.Spec.Cache.Namespaces))
		if n := s.Cache.Namespace; n != "" && !slices.Contains(known, n) {
			r.doc.report(join(at, "namespace"), fmt.Sprintf("%q is no namespace of the app's cache", printable(n)), meant(n, known))
		}
	}
}

// placeCache tells the signals of the cache where it is and which prefix each
// side has. Misses of a generation that both share cannot be told apart.
func (r *Release) placeCache(set signal.Set, cache release.Cache, first bool) error {
	for i, s := range r.Spec.Signals.Watch {
		if s.Cache == nil {
			continue
		}
		place := release.CacheSignal{Redis: cache.Redis}
		if s.Cache.counts() {
			n := namespaceNamed(cache, s.Cache.Namespace)
			place.Namespace, place.Old, place.New = n.Name, n.From.Prefix, n.To.Prefix
			if reason := inseparable(n); reason != "" && !first {
				at := join("spec.signals", join(element("watch", i), "cache.namespace"))
				return Problems{{Place: r.doc.at(at), Path: at, Reason: reason, Cure: "remove the signal from this release, or have the app count its misses and read these by http or prometheus"}}
			}
		}
		text, err := json.Marshal(place)
		if err != nil {
			return fmt.Errorf("write down where the cache is: %w", err)
		}
		set.Signals[i].Source.Place = string(text)
	}
	return nil
}

func namespaceNamed(cache release.Cache, name string) release.Namespace {
	i := slices.IndexFunc(cache.Namespaces, func(n release.Namespace) bool { return n.Name == name })
	if i < 0 {
		return release.Namespace{Name: name}
	}
	return cache.Namespaces[i]
}

// inseparable says why the misses of both sides cannot be told apart, "" if
// they can.
func inseparable(n release.Namespace) string {
	switch {
	case n.Kept():
		return fmt.Sprintf("both versions share the generation of %s in this release, so their misses cannot be told apart", n.Name)
	case n.To.Prefix == "":
		return n.Name + " goes with this release, so there is nothing to compare"
	case n.From.Prefix == "":
		return n.Name + " is new in this release, so there is nothing to compare with"
	}
	return ""
}
