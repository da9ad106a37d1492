package nginx

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"sync"
	"syscall"
	"time"

	"cutover/internal/release"
	"cutover/internal/traffic/sockets"
)

// Router steers the nginx that each app's front names. It keeps no route of
// its own: every call looks at what the workers say.
type Router struct {
	// Front returns the front of an app as it is on record.
	Front func(app string) release.Front
	// Patience bounds how long a reload may take until all workers serve the
	// new file, 30 s if zero.
	Patience time.Duration

	mu    sync.Mutex
	known map[string]*memory
	books map[string]*book
	// orders lets one order at a time change an app's file.
	orders map[string]*sync.Mutex
}

// memory is which workers have already said that they serve a nonce. A worker
// never changes its mind.
type memory struct {
	nonce string
	heard map[sockets.Process]string
}

const (
	patience = 30 * time.Second
	// settleFor bounds the wait for clients that hold a connection to an old
	// worker without having sent a request. Those left count as in flight.
	settleFor = 7 * time.Second
	// pace is the time between two looks.
	pace = 15 * time.Millisecond
)

func (r *Router) memory(app string) memory {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.known[app]; m != nil {
		return memory{m.nonce, maps.Clone(m.heard)}
	}
	return memory{}
}

func (r *Router) remember(app, nonce string, c crew) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]*memory{}
	}
	m := &memory{nonce, map[sockets.Process]string{}}
	for _, p := range c.current {
		m.heard[p] = nonce
	}
	r.known[app] = m
}

// order returns the lock for an app's orders.
func (r *Router) order(app string) *sync.Mutex {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.orders == nil {
		r.orders = map[string]*sync.Mutex{}
	}
	if r.orders[app] == nil {
		r.orders[app] = &sync.Mutex{}
	}
	return r.orders[app]
}

// book returns the account of an app, which begins with the first call.
func (r *Router) book(app string, n release.Nginx) (*book, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.books[app]; b != nil && b.path == n.Log {
		return b, nil
	}
	b, err := openBook(app, n.Log)
	if err != nil {
		return nil, err
	}
	if r.books == nil {
		r.books = map[string]*book{}
	}
	if old := r.books[app]; old != nil {
		old.close()
	}
	r.books[app] = b
	return b, nil
}

// Close ends the reading of logs.
func (r *Router) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.books {
		b.close()
	}
	r.books = nil
}

// Observe asks every worker of nginx what it serves, counts the connections
// that the workers hold, and reads on in the log. An error means that nothing
// is known: nginx does not run, or its workers do not agree.
func (r *Router) Observe(ctx context.Context, app string) (release.Traffic, error) {
	n := r.Front(app).Nginx
	b, err := r.book(app, n)
	if err != nil {
		return release.Traffic{}, fmt.Errorf("observe traffic of %s: %w", app, err)
	}
	said, c, err := r.hear(ctx, n, app)
	if errors.Is(err, errSilent) {
		if f, wrong := readFile(n.File); wrong == nil && !f.routed {
			return release.Traffic{Known: true, Epoch: b.epoch}, nil
		}
	}
	if err != nil {
		return release.Traffic{}, fmt.Errorf("observe traffic of %s: %w", app, err)
	}
	f, err := look(c)
	if err != nil {
		return release.Traffic{}, fmt.Errorf("observe traffic of %s: %w", app, err)
	}
	epoch, counts, err := b.read()
	if err != nil {
		return release.Traffic{}, fmt.Errorf("observe traffic of %s: %w", app, err)
	}
	t := release.Traffic{Known: true, Served: true, Generation: said.Generation, Epoch: epoch, Salt: said.Route.Salt, Private: said.Route.Private}
	for _, side := range []release.Side{release.Blue, release.Green} {
		s, l := *said.Route.Sides.Of(side), counts.Of(side)
		requests, load := f.of(s, *said.Former.Of(side))
		*t.Sides.Of(side) = release.SideTraffic{
			Weight: s.Weight, Endpoints: s.Endpoints, Requests: requests, Load: load, Counters: l.Counters, Users: l.Users,
		}
	}
	return t, nil
}

// Route has nginx serve the route: it writes the file, has it tested, tells the
// master process to read it, and returns when every worker that takes requests
// has said that it serves it and the others take none. The same route again
// changes nothing. A file that nginx refuses is put back. It returns
// release.ErrFenced if the file was written for a newer controller.
func (r *Router) Route(ctx context.Context, order release.RouteOrder) error {
	lock := r.order(order.App)
	lock.Lock()
	defer lock.Unlock()
	if err := r.route(ctx, order); err != nil {
		return fmt.Errorf("route %s: %w", order.App, err)
	}
	return nil
}

func (r *Router) route(ctx context.Context, order release.RouteOrder) error {
	n := order.Route.Front.Nginx
	if err := refuse(order.Route); err != nil {
		return err
	}
	have, err := readFile(n.File)
	if err != nil {
		return err
	}
	if order.Fence < have.route.Fence {
		return release.ErrFenced
	}
	if _, err := muster(n); err != nil {
		return err
	}
	if have.routed && have.route.Route.Same(order.Route) {
		if said, _, err := r.hear(ctx, n, order.App); err == nil && said.Nonce == have.route.Nonce {
			if err := have.refence(order.Fence); err != nil {
				return err
			}
			return settle(ctx, n)
		}
	}
	next := have.route.follow(order, rand.Text())
	text, err := render(next)
	if err != nil {
		return err
	}
	if err := have.replace(text); err != nil {
		return err
	}
	if err := test(ctx, n); err != nil {
		return errors.Join(err, have.restore())
	}
	// The test takes its time: the master process of before may be gone, and
	// its number may be another's.
	before, err := muster(n)
	if err == nil {
		err = hangUp(before.master)
	}
	if err != nil {
		return errors.Join(err, have.restore())
	}
	if err := r.prove(ctx, next, before); err != nil {
		return r.undo(ctx, err, have, next)
	}
	return settle(ctx, n)
}

// refence notes a newer controller in a file that stays as it is otherwise.
func (f file) refence(fence uint64) error {
	if fence == f.route.Fence {
		return nil
	}
	again := f.route
	again.Fence = fence
	text, err := render(again)
	if err != nil {
		return err
	}
	return f.replace(text)
}

// hangUp tells the master process to read its configuration again.
func hangUp(master int) error {
	err := syscall.Kill(master, syscall.SIGHUP)
	if isPermission(err) {
		return fmt.Errorf("reload nginx, process %d: %w: run cutover as the user of its master process", master, err)
	}
	if err != nil {
		return fmt.Errorf("reload nginx, process %d: %w", master, err)
	}
	return nil
}

// prove waits until all workers that take requests have said that they serve
// next, and those from before take none.
func (r *Router) prove(ctx context.Context, next served, before crew) error {
	n, most := next.Route.Front.Nginx, r.Patience
	if most == 0 {
		most = patience
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var why error
	for {
		said, c, err := r.hear(ctx, n, next.App)
		if err == nil && said.Nonce == next.Nonce && !c.meets(before) {
			return nil
		}
		if ctx.Err() == nil {
			why = err // else it is only that time was up
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return unproven(n, next.App, why, most)
		}
	}
}

// unproven says what may be the reason that a reload showed no effect.
func unproven(n release.Nginx, app string, err error, waited time.Duration) error {
	if errors.Is(err, errSilent) {
		return fmt.Errorf("nginx took the order to reload, but nobody answers on %s: write `include %s;` within http {} of its configuration, or choose a free port for spec.traffic.nginx.proof; its error log may say more", n.Proof, n.File)
	}
	if err != nil {
		return fmt.Errorf("nginx took the order to reload, but what it serves could not be proven in %s: %w", waited, err)
	}
	return fmt.Errorf("nginx took the order to reload %s, but its workers serve the route before: its error log says why", app)
}

// undo puts the file back if nginx does not serve what it says.
func (r *Router) undo(ctx context.Context, why error, have file, next served) error {
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer cancel()
	a, err := ask(look, next.Route.Front.Nginx, next.App)
	if err == nil && a.route.Nonce == next.Nonce {
		return why // a part of it is served: going on is the way
	}
	if ctx.Err() != nil {
		return why // time was up: the master process may be reading it now
	}
	return errors.Join(why, have.restore())
}

// settle waits until no client holds a connection to an old worker on which it
// has not sent a request, for some seconds at most: those left are reported as
// in flight.
func settle(ctx context.Context, n release.Nginx) error {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		c, err := muster(n)
		if err != nil {
			return err
		}
		f, err := look(c)
		if err != nil || f.loose == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// CloseStreams always fails: nginx cannot close single streams. They are
// counted as requests, so none is ever left for it.
func (r *Router) CloseStreams(_ context.Context, order release.StreamOrder) error {
	if f, err := readFile(r.Front(order.App).Nginx.File); err == nil && order.Fence < f.route.Fence {
		return fmt.Errorf("close streams of %s: %w", order.App, release.ErrFenced)
	}
	return fmt.Errorf("close streams of %s, side %s: nginx cannot close them one by one: set worker_shutdown_timeout in its configuration", order.App, order.Side)
}

// refuse says what of a route nginx cannot do.
func refuse(to release.Route) error {
	if to.Mirror != nil {
		return errors.New("nginx cannot copy requests without making users wait for the copies: remove the shadow, or use the embedded driver")
	}
	blue, green := to.Sides.Blue, to.Sides.Green
	if sum := blue.Weight + green.Weight; sum != release.All && sum != release.None || blue.Weight < 0 || green.Weight < 0 {
		return fmt.Errorf("the weights %s and %s do not add up to 100%%", blue.Weight, green.Weight)
	}
	for _, s := range []release.SideRoute{blue, green} {
		if s.Weight > release.None && len(s.Endpoints) == 0 {
			return fmt.Errorf("a side without instances cannot have %s of the traffic", s.Weight)
		}
	}
	return nil
}
