package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/release"
)

// world is what the controllers of a test act upon: instances that need a
// moment to get ready, a front, and users who send requests by its weights.
// It outlives every controller.
type world struct {
	mu        sync.Mutex
	instances []instance
	serial    int
	route     release.Route
	served    bool
	changes   uint64
	counters  release.Sides[release.Counters]
	epoch     string
	counted   time.Time
	looked    time.Time
	fences    map[string]uint64
	// orders lists what reached an adapter, in order.
	orders []order
	// wrongs lists orders that no front or instance should ever get.
	wrongs []string
	// database is what the app keeps its data in.
	database database
	// pool is the PgBouncer before it.
	pool pool

	// before is called for each order before it has any effect; an error is
	// the order's answer.
	before func(ctx context.Context, o order) error
	// checks answers check orders; nil passes them all.
	checks func(ctx context.Context, o release.CheckOrder) ([]release.CheckResult, error)
	// blind says why a port cannot be observed.
	blind map[string]error
	// sick versions answer a fifth of their requests with an error, slow ones
	// take twice as long.
	sick, slow map[string]bool
	users      release.Sides[release.Experience]
	// env is what the latest start gave its instances.
	env []release.EnvVar
	// quiet says that nobody sends a request.
	quiet bool
}

type instance struct {
	release.Instance
	readyAt time.Time
}

// order is one order as an adapter got it.
type order struct {
	kind    release.ActionKind
	stamp   release.Stamp
	version string
	at      time.Time
}

// requestsPerSecond is what all users together send.
const requestsPerSecond = 200

func newWorld() *world {
	return &world{epoch: "e1", counted: time.Now(), fences: map[string]uint64{}, blind: map[string]error{}, sick: map[string]bool{}, slow: map[string]bool{}}
}

// change lets a test change the world.
func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// blindTo says why a port cannot be observed, nil if it can.
func (w *world) blindTo(port string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blind[port]
}

// enter takes an order in, unless a newer controller has been there.
func (w *world) enter(ctx context.Context, port string, o order) error {
	w.mu.Lock()
	if o.stamp.Fence < w.fences[port] {
		w.mu.Unlock()
		return fmt.Errorf("%s %s: %w", o.kind, o.stamp.Key, release.ErrFenced)
	}
	w.fences[port] = o.stamp.Fence
	o.at = time.Now()
	w.orders = append(w.orders, o)
	before := w.before
	w.mu.Unlock()
	if before != nil {
		if err := before(ctx, o); err != nil {
			return err
		}
	}
	return pass(ctx, 20*time.Millisecond)
}

func (w *world) lookAtInstances() ([]release.Instance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked = time.Now()
	if err := w.blind["platform"]; err != nil {
		return nil, err
	}
	var list []release.Instance
	for _, i := range w.instances {
		if i.Alive && !time.Now().Before(i.readyAt) {
			i.Ready, i.ReadySince = true, i.readyAt
		}
		list = append(list, i.Instance)
	}
	return list, nil
}

// lastLook returns when a controller last looked around.
func (w *world) lastLook() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.looked
}

func (w *world) start(ctx context.Context, o release.StartOrder) error {
	if err := w.enter(ctx, "platform", order{kind: release.ActStart, stamp: o.Stamp, version: o.Version}); err != nil {
		return err
	}
	w.launch(o)
	return nil
}

// launch brings a side to strength.
func (w *world) launch(o release.StartOrder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.env = o.Artefact.Env
	running := 0
	for k := range w.instances {
		i := &w.instances[k]
		if i.Side != o.Side {
			continue
		}
		if !i.Alive {
			i.Alive, i.Restarts, i.readyAt = true, i.Restarts+1, time.Now().Add(300*time.Millisecond)
		}
		running++
	}
	for ; running < o.Count; running++ {
		w.serial++
		id := fmt.Sprintf("%s-%03d", o.Side, w.serial)
		w.instances = append(w.instances, instance{readyAt: time.Now().Add(300 * time.Millisecond), Instance: release.Instance{
			ID: id, Addr: id, Side: o.Side, Version: o.Version, Digest: o.Digest, Alive: true, Since: time.Now()}})
	}
}

func (w *world) stop(ctx context.Context, o release.StopOrder) error {
	if err := w.enter(ctx, "platform", order{kind: release.ActStop, stamp: o.Stamp}); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range slices.Concat(w.route.Sides.Blue.Endpoints, w.route.Sides.Green.Endpoints) {
		if slices.Contains(o.Instances, e.ID) {
			w.wrongs = append(w.wrongs, "instance "+e.ID+" is stopped while it is routed")
		}
	}
	w.instances = slices.DeleteFunc(w.instances, func(i instance) bool { return slices.Contains(o.Instances, i.ID) })
	return nil
}

// kill ends an instance that nobody ordered to end.
func (w *world) kill(id string) {
	w.change(func() {
		for k := range w.instances {
			if i := &w.instances[k]; i.ID == id {
				i.Alive, i.Ready, i.Detail = false, false, "exit status 1"
			}
		}
	})
}

func (w *world) lookAtTraffic() (release.Traffic, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.blind["front"]; err != nil {
		return release.Traffic{}, err
	}
	w.count()
	t := release.Traffic{Known: true, Served: w.served, Generation: w.changes, Epoch: w.epoch, Salt: w.route.Salt, Private: w.route.Private}
	for _, side := range []release.Side{release.Blue, release.Green} {
		r := w.route.Sides.Of(side)
		*t.Sides.Of(side) = release.SideTraffic{Weight: r.Weight, Endpoints: r.Endpoints, Counters: *w.counters.Of(side), Users: *w.users.Of(side)}
	}
	return t, nil
}

// count lets the users' requests since the last count have happened.
func (w *world) count() {
	passed := time.Since(w.counted)
	w.counted = time.Now()
	for _, side := range []release.Side{release.Blue, release.Green} {
		n := uint64(passed.Seconds() * requestsPerSecond * w.route.Sides.Of(side).Weight.Share())
		if w.quiet {
			n = 0
		}
		version := ""
		if k := slices.IndexFunc(w.instances, func(i instance) bool { return i.Side == side }); k >= 0 {
			version = w.instances[k].Version
		}
		bad, took := uint64(0), 20*time.Millisecond
		if w.sick[version] {
			bad = n / 5
		}
		if w.slow[version] {
			took *= 2
		}
		c := w.counters.Of(side)
		c.Accepted, c.Answered, c.Errors = c.Accepted+n, c.Answered+n, c.Errors+bad
		use(w.users.Of(side), n, bad, took)
	}
}

// use adds the requests of as many clients, a few of whom were there before.
func use(u *release.Experience, requests, bad uint64, took time.Duration) {
	u.Requests, u.Bad, u.BadClients = u.Requests+requests, u.Bad+bad, u.BadClients+bad
	u.Clients, u.BadNow = requests, bad
	if requests == bad {
		return
	}
	bin := analysis.Bin(took)
	for k := range u.Latency {
		if u.Latency[k].Bin == bin {
			u.Latency = slices.Clone(u.Latency) // earlier looks keep theirs
			u.Latency[k].Count += requests - bad
			return
		}
	}
	u.Latency = append(slices.Clone(u.Latency), release.Took{Bin: bin, Count: requests - bad})
}

func (w *world) direct(ctx context.Context, o release.RouteOrder) error {
	if err := w.enter(ctx, "front", order{kind: release.ActRoute, stamp: o.Stamp}); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count()
	w.route, w.served = o.Route, true
	w.changes++
	for _, side := range []release.Side{release.Blue, release.Green} {
		for _, e := range o.Route.Sides.Of(side).Endpoints {
			if !slices.ContainsFunc(w.instances, func(i instance) bool { return i.ID == e.ID }) {
				w.wrongs = append(w.wrongs, "traffic to "+e.ID+", which does not exist")
			}
		}
	}
	return nil
}

// forget makes the front lose everything, like one that was set up anew.
func (w *world) forget() {
	w.change(func() {
		w.route, w.served, w.epoch = release.Route{}, false, "e2"
		w.counters, w.users = release.Sides[release.Counters]{}, release.Sides[release.Experience]{}
	})
}

func (w *world) check(ctx context.Context, o release.CheckOrder) ([]release.CheckResult, error) {
	if err := w.enter(ctx, "checks", order{kind: release.ActCheck, stamp: o.Stamp}); err != nil {
		return nil, err
	}
	if w.checks != nil {
		return w.checks(ctx, o)
	}
	var results []release.CheckResult
	for _, c := range o.Checks {
		results = append(results, release.CheckResult{Name: c.Name, Passed: true, Attempts: 1, Evidence: "200"})
	}
	return results, nil
}

// ordersOf returns the orders of one kind.
func (w *world) ordersOf(kind release.ActionKind) []order {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []order
	for _, o := range w.orders {
		if o.kind == kind {
			list = append(list, o)
		}
	}
	return list
}

// summary says what stands and where traffic goes, without the names that
// differ from run to run.
func (w *world) summary() string {
	list, err := w.lookAtInstances()
	if err != nil {
		return err.Error()
	}
	text := ""
	for _, side := range []release.Side{release.Blue, release.Green} {
		versions := map[string]int{}
		for _, i := range list {
			if i.Side == side && i.Serves() {
				versions[i.Version]++
			}
		}
		w.mu.Lock()
		r := w.route.Sides.Of(side)
		text += fmt.Sprintf("%s: ready %v, %s of the traffic to %d endpoints; ", side, versions, r.Weight, len(r.Endpoints))
		w.mu.Unlock()
	}
	return text
}

var errDown = errors.New("it does not answer")
