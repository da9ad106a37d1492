package board

import (
	"slices"
	"sync/atomic"
	"time"

	"cutover/internal/release"
)

// Endpoint is one instance behind the proxy, and what the proxy has learnt
// of it. It lives as long as the instance stays in its side's route.
type Endpoint struct {
	release.Endpoint
	condition
	inFlight atomic.Int64
	rest     atomic.Int64 // nanoseconds
}

const (
	// restAtFirst is how long a connection may have been idle to carry a
	// request that must not be sent twice, until the endpoint shows that it
	// closes sooner: below the keep-alive limits that servers ship with
	// (gunicorn 2 s, Node and Apache 5 s), so that none closes it just then.
	restAtFirst = time.Second
	// restAtLeast keeps one early close, such as at shutdown, from making
	// every such request dial anew.
	restAtLeast = time.Millisecond
)

// endpoint carries over what is known of e, or begins anew.
func endpoint(e release.Endpoint, known []*Endpoint) *Endpoint {
	for _, k := range known {
		if k.Endpoint == e {
			return k
		}
	}
	fresh := &Endpoint{Endpoint: e}
	fresh.rest.Store(int64(restAtFirst))
	return fresh
}

// Endpoints returns what is known of the endpoints of one side of app.
func (b *Board) Endpoints(app string, side release.Side) []*Endpoint {
	s := b.now.Load().service(app)
	if s == nil {
		return nil
	}
	return slices.Clone(s.sides.Of(side).endpoints)
}

// Excluded returns the endpoints of one side of app that are kept from requests
// because they were sick.
func (b *Board) Excluded(app string, side release.Side) []release.Excluded {
	s := b.now.Load().service(app)
	if s == nil {
		return nil
	}
	a := s.sides.Of(side)
	return a.ward.read(a.endpoints)
}

// Rest returns how long a connection may have been idle and still carry a
// request that must not be sent twice.
func (e *Endpoint) Rest() time.Duration { return time.Duration(e.rest.Load()) }

// ClosedIdle records that the endpoint closed a connection after it had been
// idle for so long. From now on connections rest for at most 80 % of that.
func (e *Endpoint) ClosedIdle(after time.Duration) {
	limit := max(int64(after)*8/10, int64(restAtLeast))
	for {
		have := e.rest.Load()
		if have <= limit || e.rest.CompareAndSwap(have, limit) {
			return
		}
	}
}

// pick returns the endpoint with the fewest requests in flight, by turns
// where several have, preferring those that are healthy and not avoid. It
// returns nil if there is none at all. One whose exclusion is over is chosen
// first, by a single claim.
func (a *arm) pick(c *Claim, now time.Time, avoid *Endpoint, repeatable bool) *Endpoint {
	n := len(a.endpoints)
	if n == 0 {
		return nil
	}
	first := int(a.turn.Add(1) % uint32(n))
	for {
		var best *Endpoint
		var bestRank int
		var bestLoad int64
		for i := range n {
			e := a.endpoints[(first+i)%n]
			rank := e.rank(now, repeatable)
			if e == avoid {
				rank = rankAvoided
			}
			load := e.inFlight.Load()
			if best == nil || rank < bestRank || rank == bestRank && load < bestLoad {
				best, bestRank, bestLoad = e, rank, load
			}
		}
		if bestRank != rankTest || best.tester.CompareAndSwap(nil, c) {
			return best
		}
	}
}
