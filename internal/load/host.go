package load

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// side is everything that shares one account: the targets, or what they are
// compared with.
type side struct {
	name  string
	hosts []*host
	tally *tally
}

// host is one target with its connections and the users who are there.
type host struct {
	name      string
	root      string // without a slash at the end
	base      *url.URL
	transport *http.Transport
	side      *side

	mu    sync.Mutex
	idle  []*user
	users int
}

func (p *program) newSide(name string, targets []Target, from time.Time) *side {
	s := &side{name: name}
	for _, t := range targets {
		base, err := url.Parse(t.URL)
		if err != nil {
			panic("load: an address that was accepted cannot be read: " + err.Error())
		}
		s.hosts = append(s.hosts, &host{name: t.name(), root: strings.TrimSuffix(t.URL, "/"), base: base,
			transport: p.newTransport(base.Hostname()), side: s})
	}
	s.tally = newTally(p, s.hosts, from)
	return s
}

// newTransport makes the connections to one target: straight, without a
// proxy, kept as long as the load lasts, and to nowhere else.
func (p *program) newTransport(host string) *http.Transport {
	dialer := &net.Dialer{}
	if !allowed(host, p.plan.Allow) {
		dialer.Control = stayHome
	}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: p.plan.Timeout,
		ForceAttemptHTTP2:   true,
		DisableKeepAlives:   p.plan.NewConnections,
		MaxIdleConnsPerHost: sideBySide * max(p.plan.InFlight, int(p.ramp.most())),
	}
}

// take returns a user who has nothing to do, or a new one.
func (h *host) take() *user {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.idle); n > 0 {
		u := h.idle[n-1]
		h.idle = h.idle[:n-1]
		return u
	}
	h.users++
	// Users of several hosts have numbers of their own all the same.
	return newUser((h.users-1)*len(h.side.hosts)+h.index(), h)
}

func (h *host) index() int {
	for i, other := range h.side.hosts {
		if other == h {
			return i
		}
	}
	return 0
}

// giveBack lets the user be taken again.
func (h *host) giveBack(u *user) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idle = append(h.idle, u)
}
