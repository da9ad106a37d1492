package haproxy

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
	"cutover/internal/traffic/sockets"
)

// Router steers the HAProxy that each app's front names. It keeps nothing:
// every call looks at what HAProxy really does.
type Router struct {
	// Front returns the front of an app as it is on record.
	Front func(app string) release.Front

	mu     sync.Mutex
	orders map[string]*sync.Mutex
}

const (
	// settleFor bounds the wait until nothing new reaches a side that was
	// switched away from.
	settleFor = 10 * time.Second
	// restFor is how long its counters must stand still.
	restFor = 20 * time.Millisecond
	// fileMode lets HAProxy read what it starts with. There is no secret in it.
	fileMode = 0o644
)

// Observe reads what HAProxy does. After a reload by its owner that is what the
// files of then say: it is shown as it is, so that the route is ordered again.
func (r *Router) Observe(ctx context.Context, app string) (release.Traffic, error) {
	s, err := see(ctx, r.Front(app).HAProxy)
	if err != nil {
		return release.Traffic{}, fmt.Errorf("observe traffic of %s: %w", app, err)
	}
	before, err := former(s.pid)
	if err != nil {
		return release.Traffic{}, fmt.Errorf("observe traffic of %s: %w", app, err)
	}
	return release.Traffic{
		Known: true, Served: s.chart.routed(), Generation: s.chart.number(keyGeneration), Epoch: s.epoch,
		Salt: s.chart.word(keySalt), Private: release.Side(s.chart.word(keyPrivate)),
		Sides: release.Sides[release.SideTraffic]{Blue: s.side(release.Blue, before), Green: s.side(release.Green, before)},
	}, nil
}

// former counts connections of HAProxy processes that a reload has replaced and
// that finish what they have: the present one's statistics know nothing of it.
func former(pid int) (func(addr string) int, error) {
	to := map[netip.AddrPort]int{}
	all, err := sockets.Named("haproxy")
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.PID == pid {
			continue
		}
		owned, err := sockets.Owned(p.PID)
		if err != nil || len(owned) == 0 {
			continue // another user's, or gone
		}
		table, err := sockets.Table(p.PID)
		if err != nil {
			continue
		}
		for _, e := range table {
			if e.Open && owned[e.Inode] {
				to[e.Remote]++
			}
		}
	}
	return func(addr string) int {
		at, err := netip.ParseAddrPort(addr)
		if err != nil {
			return 0
		}
		return to[at]
	}, nil
}

// Route has HAProxy serve the route: servers get their addresses, the map its
// shares, servers that have left the route are closed, and it returns when
// HAProxy shows all that and its counters show that nothing new reaches a side
// without weight. The same route again changes nothing. It returns
// release.ErrFenced if the map was written for a newer controller.
func (r *Router) Route(ctx context.Context, order release.RouteOrder) error {
	lock := r.order(order.App)
	lock.Lock()
	defer lock.Unlock()
	if err := r.route(ctx, order); err != nil {
		return fmt.Errorf("route %s: %w", order.App, err)
	}
	return nil
}

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

func (r *Router) route(ctx context.Context, order release.RouteOrder) error {
	h, to := order.Route.Front.HAProxy, order.Route
	if err := refuse(to); err != nil {
		return err
	}
	s, err := see(ctx, h)
	if err != nil {
		return err
	}
	if order.Fence < s.chart.number(keyFence) {
		return release.ErrFenced
	}
	c := change{wire: wire(h.Socket), h: h, chart: s.chart}
	if err := c.note(ctx, keyFence, strconv.FormatUint(order.Fence, 10)); err != nil {
		return err
	}
	if !s.chart.routed() || !s.route(to.Front).Same(to) {
		seats, err := seat(s, h, to)
		if err != nil {
			return err
		}
		if err := c.carryOut(ctx, s, seats, to); err != nil {
			return err
		}
	}
	if err := settle(ctx, to, s.epoch); err != nil {
		return err
	}
	return keep(ctx, h, to)
}

// keep shows that HAProxy does what was ordered, and writes down for its next
// start what it has in memory: the shares first, so that a kill in between
// leaves servers open that have left rather than shares without servers.
func keep(ctx context.Context, h release.HAProxy, to release.Route) error {
	s, err := see(ctx, h)
	if err != nil {
		return err
	}
	if have := s.route(to.Front); !have.Same(to) {
		return fmt.Errorf("HAProxy took every order and shows another route (%+v): does somebody else steer it?", have.Sides)
	}
	if err := durable.WriteFile(h.Map, []byte(s.chart.text()), fileMode); err != nil {
		return fmt.Errorf("keep HAProxy's map: %w: let the user of cutover write it and its folder", err)
	}
	if h.State == "" {
		return nil
	}
	return keepState(h, s.dump)
}

// settle waits until no request waits for a server of a side without weight,
// and none arrives there any more. A process that has taken over meanwhile has
// the shares of before, so waiting would be in vain.
func settle(ctx context.Context, to release.Route, epoch string) error {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	h, w := to.Front.HAProxy, wire(to.Front.HAProxy.Socket)
	last := release.Sides[uint64]{}
	for i := 0; ; i++ {
		stats, err := w.stats(ctx)
		if err != nil {
			return err
		}
		still := true
		for _, line := range stats {
			for _, side := range []release.Side{release.Blue, release.Green} {
				if line["svname"] == "BACKEND" && line["pxname"] == backend(h, side) && to.Sides.Of(side).Weight == release.None {
					still = still && line.number("qcur") == 0 && line.number("req_tot") == *last.Of(side)
					*last.Of(side) = line.number("req_tot")
				}
			}
		}
		if err := w.same(ctx, epoch); err != nil {
			return err
		}
		if still && i > 0 {
			return nil
		}
		timer := time.NewTimer(restFor)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("requests still reach a side of %s that has no share of them: does its frontend choose by the map %s, as docs/fronts.md shows?", h.Backend, h.Map)
		}
	}
}

// CloseStreams always fails: HAProxy cannot close single streams. They are
// counted as requests, so none is ever left for it.
func (r *Router) CloseStreams(ctx context.Context, order release.StreamOrder) error {
	h := r.Front(order.App).HAProxy
	if c, err := readChart(ctx, wire(h.Socket), h.Map); err == nil && order.Fence < c.number(keyFence) {
		return fmt.Errorf("close streams of %s: %w", order.App, release.ErrFenced)
	}
	return fmt.Errorf("close streams of %s, side %s: cutover does not close streams behind HAProxy: set `timeout tunnel` in its configuration", order.App, order.Side)
}

// refuse says what of a route HAProxy cannot do.
func refuse(to release.Route) error {
	if to.Mirror != nil {
		return errors.New("HAProxy cannot copy requests: remove the shadow, or use the embedded driver")
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
