package release

import "fmt"

// checkPurge is I2 for the cache: a generation goes when nobody needs it any
// more, and whoever wrote to it is gone.
func checkPurge(s State, w World, a Action) []Violation {
	var vs []Violation
	c, old, back := s.Plan.Cache, s.Plan.From.Side, s.Phase == Reverting || s.Phase == Withdrawing
	if a.Prefix == "" {
		return []Violation{{"I2", "everything in the cache is removed"}}
	}
	if !s.NoReturn && overlapping(a.Prefix, c.prefixes(Namespace.from)) {
		vs = append(vs, Violation{"I2", fmt.Sprintf("%s is removed from the cache while the way back needs it", a.Prefix)})
	}
	if !back && overlapping(a.Prefix, c.prefixes(Namespace.to)) {
		vs = append(vs, Violation{"I2", fmt.Sprintf("%s is removed from the cache while the new version uses it", a.Prefix)})
	}
	if !back && s.Plan.cacheLives() {
		vs = append(vs, Violation{"I2", fmt.Sprintf("%s is removed from the cache under a component that goes on", a.Prefix)})
	}
	side, of := old, Companion.old
	if back {
		side, of = s.Plan.To.Side, Companion.new
	}
	if in := w.Sides.Of(side); !in.Known || len(in.List) > 0 {
		vs = append(vs, Violation{"I2", fmt.Sprintf("%s is removed from the cache while %s may still use it", a.Prefix, side)})
	}
	return append(vs, checkNoneLeft(s, w, a.Prefix+" is removed from the cache under", of)...)
}

// checkCacheSeen is I8 for the cache: nothing begins without it.
func checkCacheSeen(before State, w World, en Entered) []Violation {
	if before.Phase != Preflight || !before.Plan.Cache.Used() || en.Phase == Reverting {
		return nil
	}
	if !w.Cache.Known {
		return []Violation{{"I8", "begun without having seen the cache"}}
	}
	if before.Plan.ComparesCache() && len(before.CacheProfile) == 0 {
		return []Violation{{"I8", "begun without knowing what the cache holds"}}
	}
	return nil
}
