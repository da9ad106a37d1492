package simulation

import (
	"math/rand/v2"
	"time"

	"cutover/internal/analysis"
)

// Span is what both versions did from one moment to another, in seconds since
// the beginning.
type Span struct {
	From, To float64
	Weight   float64
	Old, New analysis.Count
}

// Traffic produces what happens in a scenario, a bucket of the grid at a time.
// Buckets without a bad request are joined, up to Quiet seconds, as they say
// nothing; buckets with one always stand alone.
type Traffic struct {
	Scenario
	// Grid and Quiet are in seconds; Quiet is a multiple of Grid.
	Grid, Quiet float64
	cells       []cell // computed at the first run
	once        *analysis.Once
	rng         *rand.Rand
	at          time.Time // of second 0
	clients     uint64

	burstUntil float64
	stormUntil float64
	stormNew   bool
	stormer    uint64
}

// begin starts the scenario anew.
func (g *Traffic) begin(seed, run uint64) {
	if g.cells == nil {
		g.cells = cells(g.Scenario, g.Grid)
	}
	g.rng = rand.New(rand.NewPCG(seed, run))
	g.at = epoch.Add(time.Duration(run) * 2 * horizon)
	g.clients, g.burstUntil, g.stormUntil = 0, 0, 0
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// each calls visit with one span after the other until it returns false.
func (g *Traffic) each(visit func(Span) bool) {
	var quiet Span
	var goodOld, goodNew float64 // expected, since quiet began
	flush := func(to float64) bool {
		if to <= quiet.From {
			return true
		}
		quiet.To = to
		quiet.Old, quiet.New = analysis.Count{Requests: poisson(g.rng, goodOld)}, analysis.Count{Requests: poisson(g.rng, goodNew)}
		more := visit(quiet)
		quiet, goodOld, goodNew = Span{From: to}, 0, 0
		return more
	}
	for i := range g.cells {
		t, w := g.cells[i].from, g.cells[i].weight
		if t-quiet.From >= g.Quiet || quiet.From < t && w != quiet.Weight {
			if !flush(t) {
				return
			}
		}
		busy, old, fresh := g.bucket(&g.cells[i])
		if busy.Old.Bad+busy.New.Bad == 0 {
			quiet.Weight = w
			goodOld, goodNew = goodOld+old, goodNew+fresh
			continue
		}
		if !flush(t) {
			return
		}
		busy.Old.Requests += poisson(g.rng, old)
		busy.New.Requests += poisson(g.rng, fresh)
		if !visit(busy) {
			return
		}
		quiet = Span{From: busy.To}
	}
	flush(float64(len(g.cells)) * g.Grid)
}

// bucket draws the bad requests of one bucket and returns how many good ones
// are expected beside them.
func (g *Traffic) bucket(c *cell) (s Span, goodOld, goodNew float64) {
	s = Span{From: c.from, To: c.from + g.Grid, Weight: c.weight}
	if g.Bursts {
		if g.rng.Float64() < g.Grid/60 {
			g.burstUntil = c.from + 3
		}
		if c.from < g.burstUntil {
			burst := *c
			burst.fail(0.33, 0.33)
			c = &burst
		}
	}
	if badOld, badNew := g.deal(c.badOld, c.badNew); badOld+badNew > 0 {
		g.fail(&s.Old, 0, badOld, c.from, 0)
		g.fail(&s.New, 1, badNew, c.from, 0)
	}
	if g.Storms {
		g.storm(&s, c.from, c.weight)
	}
	return s, c.goodOld, c.goodNew
}

// deal draws how many bad requests each version has when so many are expected:
// first how many there are, which is mostly none, then whose each is.
func (g *Traffic) deal(old, fresh float64) (badOld, badNew float64) {
	all := poisson(g.rng, old+fresh)
	for range int(all) {
		if g.rng.Float64()*(old+fresh) < fresh {
			badNew++
		}
	}
	return all - badNew, badNew
}

func (g *Traffic) storm(s *Span, t, w float64) {
	if t >= g.stormUntil && g.rng.Float64() < g.Grid/60 {
		g.clients++
		g.stormUntil, g.stormNew, g.stormer = t+4, g.rng.Float64() < w, g.clients
	}
	if t >= g.stormUntil {
		return
	}
	side, version := &s.Old, uint64(0)
	if g.stormNew {
		side, version = &s.New, 1
	}
	g.fail(side, version, poisson(g.rng, 2*g.Grid), t, g.stormer)
}

// fail enters bad requests, each of a client of its own unless one is named.
func (g *Traffic) fail(c *analysis.Count, version uint64, n, t float64, client uint64) {
	c.Requests, c.Bad = c.Requests+n, c.Bad+n
	for range int(n) {
		id := client
		if id == 0 {
			g.clients++
			id = g.clients
		}
		if g.once.First(version, id, g.at.Add(time.Duration(t*float64(time.Second)))) {
			c.BadClients++
		}
	}
}
