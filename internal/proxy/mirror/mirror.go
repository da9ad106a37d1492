package mirror

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// Header marks copies, so that an app can leave out mail, payments and other
// things that reach the world.
const Header = "Cutover-Shadow"

// Mirror copies requests as the table says. A nil Mirror copies nothing.
type Mirror struct {
	limits Limits
	budget budget
	queue  chan *Copy
	pool   *http.Transport
	shared *http.Transport // for instances that want HTTP/2
	// apps are those that are or were mirrored; the map is never changed.
	apps atomic.Pointer[map[string]*shadowing]
	// listeners get requests to record; the list is never changed.
	listeners atomic.Pointer[[]*listener]
	// comparing lets one comparison run at a time: what it takes apart is
	// larger than the bodies.
	comparing sync.Mutex

	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex // one change at a time
	begun  bool
	done   sync.WaitGroup
}

// New returns a mirror that copies nothing until Follow tells it to. Close
// ends it.
func New(limits Limits) *Mirror {
	l := limits.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	m := &Mirror{limits: l, queue: make(chan *Copy, l.Queue), ctx: ctx, cancel: cancel,
		pool: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: l.AtLeast}).DialContext,
			DisableCompression:  true,
			MaxIdleConnsPerHost: l.Workers,
			MaxConnsPerHost:     l.Workers,
			IdleConnTimeout:     30 * time.Second,
		}}
	m.shared = m.pool.Clone()
	m.shared.Protocols = new(http.Protocols)
	m.shared.Protocols.SetUnencryptedHTTP2(true)
	m.budget.left.Store(l.Bytes)
	m.apps.Store(&map[string]*shadowing{})
	m.listeners.Store(&[]*listener{})
	return m
}

// Follow takes over what the table says of mirroring. Copies under way for
// what it no longer says are given up. The comparison of an app is kept until
// another release begins to route it.
func (m *Mirror) Follow(t route.Table) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, apps := *m.apps.Load(), map[string]*shadowing{}
	for i := range t.Services {
		s := &t.Services[i]
		if a := m.follow(before[s.App], s); a != nil {
			apps[s.App] = a
		}
	}
	m.apps.Store(&apps)
	for app, a := range before {
		if apps[app] != a {
			a.routed(nil)
		}
	}
}

func (m *Mirror) follow(a *shadowing, s *route.Service) *shadowing {
	want := s.Route.Mirror
	if a != nil && (a.salt != s.Route.Salt || want != nil && !want.Same(&a.mirror)) {
		a = nil
	}
	switch {
	case want == nil && a != nil:
		a.routed(nil)
	case want != nil:
		if a == nil {
			a = newShadowing(m.limits, s.Route.Salt, *want)
		}
		a.routed(newRouting(m.ctx, s.Route))
		m.begin()
	}
	return a
}

// begin starts the workers once there is something for them to do.
func (m *Mirror) begin() {
	if m.begun || m.ctx.Err() != nil {
		return
	}
	m.begun = true
	for range m.limits.Workers {
		m.done.Go(m.work)
	}
}

// Close gives up all copies and returns when no worker is left.
func (m *Mirror) Close() {
	m.cancel()
	m.done.Wait()
	m.pool.CloseIdleConnections()
	m.shared.CloseIdleConnections()
}

// Comparison returns what mirroring an app has shown for the release with this
// salt, nil if it was not mirrored.
func (m *Mirror) Comparison(app, salt string) *release.Comparison {
	a := (*m.apps.Load())[app]
	if a == nil || a.salt != salt {
		return nil
	}
	return a.report()
}

// Held returns how many bytes the bodies of all copies take now.
func (m *Mirror) Held() int64 { return m.limits.Bytes - m.budget.left.Load() }

// Watch decides whether a request, which side of app answers, is copied, and
// returns nil if not. It never waits. The copy must be dropped or completed.
func (m *Mirror) Watch(app string, side release.Side, r *http.Request) *Copy {
	if m == nil {
		return nil
	}
	m.tell(app, r)
	a := (*m.apps.Load())[app]
	if a == nil {
		return nil
	}
	to := a.chooses(side, r)
	if to == nil {
		return nil
	}
	c := &Copy{mirror: m, of: a, to: to}
	c.answer.from, c.answer.limit = &m.budget, m.limits.Body
	c.sent.from, c.sent.limit = &m.budget, m.limits.Body
	return c
}
