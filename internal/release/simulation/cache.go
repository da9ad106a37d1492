package simulation

import (
	"fmt"
	"slices"

	"cutover/internal/release"
)

// caches are one namespace of each kind: kept, bumped, new and going.
func caches(p release.Plan) release.Cache {
	gen := func(name string, n int) release.Generation {
		return release.Generation{Number: n, Prefix: fmt.Sprintf("%s:%d:", name, n), Format: fmt.Sprint(n)}
	}
	c := release.Cache{Redis: release.Redis{Address: "127.0.0.1:6379"}, PurgeRate: 1000, Namespaces: []release.Namespace{
		{Name: "data", Env: "DATA", From: gen("data", 1), To: gen("data", 2)},
		{Name: "fresh", Env: "FRESH", To: gen("fresh", 1)},
		{Name: "leaving", Env: "LEAVING", From: gen("leaving", 3)},
		{Name: "sessions", Env: "SESSIONS", From: gen("sessions", 1), To: gen("sessions", 1)},
	}}
	if p.First() {
		for i := range c.Namespaces {
			c.Namespaces[i].From = release.Generation{}
		}
		c.Namespaces = append(c.Namespaces[:2], c.Namespaces[3])
	}
	return c
}

// fillCache has the old version's keys there when the release begins.
func (w *World) fillCache() {
	w.cached = map[string]int{}
	for _, n := range w.Plan.Cache.Namespaces {
		if n.From.Prefix != "" {
			w.cached[n.From.Prefix] = 100
		}
	}
}

// liveCache lets whatever runs write to its generations.
func (w *World) liveCache() {
	for _, n := range w.Plan.Cache.Namespaces {
		if n.From.Prefix != "" && w.runs(w.Plan.From) {
			w.cached[n.From.Prefix]++
		}
		if n.To.Prefix != "" && w.runs(w.Plan.To) {
			w.cached[n.To.Prefix]++
		}
	}
}

func (w *World) runs(t release.Target) bool {
	for _, list := range [][]instance{*w.sides.Of(t.Side), w.companions} {
		for _, i := range list {
			if i.Alive && i.Side == t.Side && i.Version == t.Version {
				return true
			}
		}
	}
	return false
}

// stays reports whether a component goes on with the old generations.
func (w *World) stays() bool {
	return slices.ContainsFunc(w.Plan.Companions, func(c release.Companion) bool { return c.Stays() && c.To.Version != "" })
}

// CacheWrong says what the cache should hold and does not, or the other way
// round, for a release in state s; nil if all is well.
func (w *World) CacheWrong(s release.State) error {
	taken := s.Phase == release.RolledBack || s.Phase == release.Compared
	for _, n := range w.Plan.Cache.Namespaces {
		old, fresh := w.cached[n.From.Prefix], w.cached[n.To.Prefix]
		switch {
		case n.From.Prefix != "" && old < 100 && (!s.NoReturn || n.Kept()):
			return fmt.Errorf("I2: %d keys of %s are left, and the old version needs them", old, n.From.Prefix)
		case n.Kept():
		case s.Phase == release.Done && old > 0 && !w.stays():
			return fmt.Errorf("I6: %d keys of %s are left, and nobody needs them", old, n.From.Prefix)
		case taken && fresh > 0:
			return fmt.Errorf("I6: %d keys of %s are left, and the version was taken back", fresh, n.To.Prefix)
		}
	}
	return nil
}
