package board

import (
	"net/netip"
	"slices"

	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// rule is what holds on one address before it is known which app is asked.
type rule struct {
	limits release.Limits
	trust  route.Trust
}

// rulesOf joins the limits of the services that share an address: the smallest
// hold. Whoever one of them trusts may open any number of connections.
func rulesOf(services []*service) map[string]rule {
	rules := map[string]rule{}
	for _, s := range services {
		front := s.route.Route.Front
		addrs := []string{front.Listen, front.PrivateListen}
		if front.TLS != nil {
			addrs = append(addrs, front.TLS.Redirect)
		}
		for _, listen := range addrs {
			mine := rule{s.limits, s.trust}
			if have, shared := rules[listen]; shared {
				mine.limits = mine.limits.Stricter(have.limits)
				mine.trust = slices.Concat(mine.trust, have.trust)
			}
			rules[listen] = mine
		}
	}
	return rules
}

// Rules returns what holds on the address listen, always as the table in
// force says it.
func (b *Board) Rules(listen string) guard.Rules { return rules{b, listen} }

type rules struct {
	board  *Board
	listen string
}

func (r rules) find() rule {
	found, ok := r.board.now.Load().rules[r.listen]
	if !ok {
		found.limits = release.DefaultLimits // a retired address
	}
	return found
}

// Limits implements guard.Rules.
func (r rules) Limits() release.Limits { return r.find().limits }

// Exempt implements guard.Rules.
func (r rules) Exempt(addr netip.Addr) bool { return r.find().trust.Has(addr) }
