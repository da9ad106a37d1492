package board

import (
	"crypto/sha256"
	"encoding/hex"
	"sync/atomic"

	"cutover/internal/proxy/hold"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// live is a table made ready for requests. It is never changed.
type live struct {
	table    route.Table
	index    *route.Index
	services []*service // in the table's order
	rules    map[string]rule
}

// service is a route.Service made ready. A service that did not change is
// carried over from table to table as it is.
type service struct {
	route  *route.Service
	seed   uint64
	secret []byte // SHA-256 of the private secret, nil for none
	limits release.Limits
	trust  route.Trust
	sides  release.Sides[arm]
	// unsent counts claims whose request has not reached an endpoint yet.
	unsent atomic.Int64
}

// arm is one side of a service.
type arm struct {
	side      release.Side
	ledger    *ledger.Side
	endpoints []*Endpoint
	ward      *ward
	room      *hold.Room
	turn      atomic.Uint32
}

func (b *Board) compile(table route.Table, old *live) (*live, error) {
	index, err := route.NewIndex(table)
	if err != nil {
		return nil, err
	}
	l := &live{table: table, index: index}
	for i := range table.Services {
		s := &table.Services[i]
		before := old.service(s.App)
		if before == nil || !before.route.Same(*s) {
			before = b.compileService(s, before)
		}
		l.services = append(l.services, before)
	}
	l.rules = rulesOf(l.services)
	return l, nil
}

func (b *Board) compileService(s *route.Service, before *service) *service {
	out := &service{route: s, seed: route.Seed(s.Route.Salt), limits: s.Route.Front.Limits.Resolved()}
	out.trust, _ = route.ParseTrust(s.Route.Front.Trust) // the table was checked
	if hash, err := hex.DecodeString(s.SecretHash); err == nil && len(hash) == sha256.Size {
		out.secret = hash
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		a := out.sides.Of(side)
		a.side, a.ledger = side, b.book.Of(s.App, side)
		a.ward, a.room = newWard(), b.room(sideOf{s.App, side})
		var known []*Endpoint
		if before != nil {
			known, a.ward = before.sides.Of(side).endpoints, before.sides.Of(side).ward
		}
		for _, e := range s.Route.Sides.Of(side).Endpoints {
			a.endpoints = append(a.endpoints, endpoint(e, known))
		}
		a.ward.fit(a.endpoints)
	}
	return out
}

func (l *live) service(app string) *service {
	for _, s := range l.services {
		if s.route.App == app {
			return s
		}
	}
	return nil
}

// addresses returns those of all endpoints.
func (l *live) addresses() map[string]bool {
	all := map[string]bool{}
	for _, s := range l.services {
		for _, side := range []release.Side{release.Blue, release.Green} {
			for _, e := range s.sides.Of(side).endpoints {
				all[e.Addr] = true
			}
		}
	}
	return all
}
