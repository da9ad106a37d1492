package release

import (
	"maps"
	"strings"
)

// before returns what was cached when the release was planned, each namespace
// as its To.
func (c Cache) before() Cache {
	out := Cache{Redis: c.Redis}
	for _, n := range c.Namespaces {
		if n.To = n.From; n.To.Prefix != "" {
			out.Namespaces = append(out.Namespaces, n)
		}
	}
	return out
}

// numbersBefore returns the highest numbers that there were when the release
// was planned, as far as its plan shows them.
func (c Cache) numbersBefore() map[string]int {
	var known map[string]int
	for _, n := range c.Namespaces {
		if last := max(n.From.Number, n.To.Number-1); !n.Kept() && last > 0 {
			if known == nil {
				known = map[string]int{}
			}
			known[n.Name] = last
		}
	}
	return known
}

// numbers takes a plan's numbers into the highest there were. It leaves its
// argument as it is.
func (c Cache) numbers(known map[string]int) map[string]int {
	out := known
	for _, n := range c.Namespaces {
		if highest := max(n.From.Number, n.To.Number); highest > out[n.Name] {
			if out = maps.Clone(out); out == nil {
				out = map[string]int{}
			}
			out[n.Name] = highest
		}
	}
	return out
}

// purges says what goes from the cache with the old version.
func (p Plan) purges() string {
	if gone := p.Cache.outgoing(); len(gone) > 0 && !p.cacheLives() {
		return ", remove " + strings.Join(gone, "*, ") + "* from the cache"
	}
	return ""
}
