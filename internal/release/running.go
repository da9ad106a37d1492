package release

// Running is what runs of an app between releases.
type Running struct {
	// Serves is what the front sends requests to; its Version is empty for
	// nothing.
	Serves Target
	// Companions are those that run, each as its To.
	Companions []Companion
	// Cache is what the version that serves caches, each namespace as its To.
	Cache Cache
	// Generations are the highest numbers that were ever planned, by namespace.
	Generations map[string]int
}

// Running returns what the last release that was done has left standing.
func (s Standing) Running() Running {
	r := Running{Serves: s.Plan.To, Cache: s.Plan.Cache, Generations: s.Generations}
	for _, c := range s.Plan.Companions {
		if c.To.Version != "" {
			r.Companions = append(r.Companions, c)
		}
	}
	return r
}

// Before returns what ran when the release was planned.
func (p Plan) Before() Running {
	r := Running{Serves: p.From, Cache: p.Cache.before(), Generations: p.Cache.numbersBefore()}
	for _, c := range p.Companions {
		if c.To = c.From; c.To.Version != "" {
			r.Companions = append(r.Companions, c)
		}
	}
	return r
}

// backwards turns a release's companions around. All of them are to run on
// another side than before: none may go on while the database is replaced.
func backwards(p Plan) []Companion {
	var list []Companion
	for _, c := range p.Companions {
		c.From, c.To = c.To, c.From
		switch {
		case c.From.Version == "" && c.To.Version == "":
			continue
		case c.To.Version == "":
		case c.From.Version == "":
			c.To.Side = p.From.Side
		default:
			c.To.Side = c.From.Side.Other()
		}
		list = append(list, c)
	}
	return list
}
