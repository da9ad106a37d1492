package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
	"cutover/internal/store/memory"
)

// ttl is how long the lease of a test's controllers lasts.
const ttl = 4 * time.Second

// house is a world with a journal, and the controllers that see to it.
type house struct {
	*testing.T
	world *world
	store *memory.Store
	crew  []*controller
}

// controller is one engine at work.
type controller struct {
	*Engine
	hand   *hand
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// inHouse plays a test in a bubble of its own time, which also fails it if a
// goroutine is left over, and looks at the whole journal at the end.
func inHouse(t *testing.T, play func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{T: t, world: newWorld(), store: &memory.Store{}}
		defer h.close()
		play(h)
	})
}

func (h *house) close() {
	for _, c := range h.crew {
		c.leave()
	}
	if h.Failed() {
		h.dump()
	}
	if _, err := h.store.Verify(context.Background()); err != nil {
		h.Errorf("the journal does not verify: %v", err)
	}
	for _, wrong := range h.world.wrongs {
		h.Errorf("%s", wrong)
	}
}

// dump shows the journal of a test that failed.
func (h *house) dump() {
	for _, e := range h.entries("") {
		h.Logf("%4d %s %-8s %s", e.Seq, e.At.Format("15:04:05.000"), e.Actor, release.Sentence(e.Event))
	}
}

// hire makes a controller that does nothing yet.
func (h *house) hire(owner string) *controller {
	hd := &hand{world: h.world, store: h.store}
	c := &controller{hand: hd, done: make(chan struct{})}
	c.Engine = New(Config{Platform: handPlatform{hd}, Traffic: handFront{hd}, Checks: handChecks{hd},
		Schema: handDatabase{hd}, Backups: handVault{hd}, Rehearsals: handStage{hd}, Pools: handPools{hd}, Journal: handJournal{h.store, hd}, Leases: handLeases{hd}, Owner: owner, TTL: ttl, Gone: h.isDead})
	hd.died = func() { c.cancel() }
	h.crew = append(h.crew, c)
	return c
}

// isDead reports whether the named controller was killed.
func (h *house) isDead(owner string) bool {
	k := slices.IndexFunc(h.crew, func(c *controller) bool { return c.Owner == owner })
	if k < 0 {
		return false
	}
	hd := h.crew[k].hand
	hd.mu.Lock()
	defer hd.mu.Unlock()
	return hd.dead
}

// work runs the controller in the background.
func (c *controller) work() *controller {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	go func() {
		defer close(c.done)
		defer cancel()
		c.err = c.Run(ctx)
	}()
	return c
}

// leave ends the controller as SIGTERM does and waits for it.
func (c *controller) leave() {
	if c.cancel == nil {
		return
	}
	c.cancel()
	<-c.done
}

// until waits for a condition, up to two minutes of the bubble's time.
func (h *house) until(what string, holds func() bool) {
	h.Helper()
	for range 1200 {
		synctest.Wait()
		if holds() {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	h.Fatalf("it never came about that %s; the world: %s", what, h.world.summary())
}

// untilPhase waits for a release to be in a phase.
func (h *house) untilPhase(c *controller, name string, ph release.Phase) {
	h.Helper()
	h.until(name+" is "+string(ph), func() bool { return c.phase(name) == ph })
}

func (c *controller) phase(name string) release.Phase {
	v, _ := c.View(name)
	return v.State.Phase
}

// open hires a controller and has it work and lead.
func (h *house) open(owner string) *controller {
	h.Helper()
	c := h.hire(owner).work()
	h.until(owner+" leads", c.leads)
	return c
}

func (c *controller) leads() bool {
	_, leading := c.Leading()
	return leading
}

// stand brings v1 in as the first release and waits until it stands.
func (h *house) stand(c *controller) {
	h.Helper()
	h.deploy(c, h.plan(c, "r1", "v1"))
	h.untilPhase(c, "r1", release.Done)
}

func (h *house) deploy(c *controller, p release.Plan) {
	h.Helper()
	if _, err := c.Deploy(h.Context(), p, "ann"); err != nil {
		h.Fatalf("deploy %s: %v", p.Release, err)
	}
}

func (h *house) request(c *controller, name string, verb release.Verb) {
	h.Helper()
	if err := c.Request(h.Context(), name, verb, "ann", "because"); err != nil {
		h.Fatalf("request %s: %v", verb, err)
	}
}

// plan returns a canary of two instances from what stands to a version.
func (h *house) plan(c *controller, name, version string) release.Plan {
	return canary(name, c.Standing("shop").Serves(), version)
}

func canary(name string, from release.Target, version string) release.Plan {
	hold := release.Hold{AtLeast: time.Second, AtLeastRequests: 20, AtMost: time.Minute}
	return release.Plan{
		Release: name, App: "shop", Author: "ann", Strategy: release.Canary, Replicas: 2,
		From: from, To: release.Target{Version: version, Side: from.Side.Other(), Digest: "digest of " + version,
			Artefact: release.Artefact{Command: []string{"/shop", version}}},
		Front: release.Front{Listen: "127.0.0.1:8080", Path: "/"},
		Steps: []release.Step{{Weight: release.Percent(25), Hold: hold}, {Weight: release.All, Hold: hold}},
		Soak:  hold, Standby: 3 * time.Second, ReadyWithin: 10 * time.Second, Settle: 300 * time.Millisecond,
		Checks: []release.Check{{Name: "smoke", Timeout: time.Second}},
		Drain:  release.Drain{Wait: 5 * time.Second, OnTimeout: release.DrainPause},
		Guard:  release.Guard{MinRequests: 20, Margin: 0.05, MaxRestarts: 2, OnFailure: release.Rollback},
		Tries:  release.Tries{Most: 4, Pause: 400 * time.Millisecond, MaxPause: 2 * time.Second},
	}
}

// entries returns the events of a release, or all.
func (h *house) entries(name string) []release.Entry {
	records, err := h.store.Records(context.Background(), store.Query{Release: name})
	if err != nil {
		h.Fatalf("read the journal: %v", err)
	}
	var list []release.Entry
	for _, r := range records {
		if e, err := Decode(r); err == nil {
			list = append(list, e)
		}
	}
	return list
}

// balanced fails the test if an intent lacks its result, or has two.
func (h *house) balanced(names ...string) {
	h.Helper()
	for _, name := range names {
		entries, open := h.entries(name), map[string]bool{}
		for _, v := range release.CheckHistory(entries) {
			h.Errorf("%s: %v", name, v)
		}
		for _, e := range entries {
			switch ev := e.Event.(type) {
			case release.Intended:
				open[ev.Key] = true
			case release.Finished:
				delete(open, ev.Key)
			}
		}
		if len(open) > 0 {
			h.Errorf("%s ended with intents that have no result: %v", name, open)
		}
	}
}

// sees fails the test unless the world is as described.
func (h *house) sees(want string) {
	h.Helper()
	if got := h.world.summary(); !strings.Contains(got, want) {
		h.Errorf("the world is %q, want %q in it", got, want)
	}
}

// standing says a summary of the world with a version at full strength alone
// on a side.
func alone(side release.Side, version string) string {
	return fmt.Sprintf("%s: ready map[%s:2], 100%% of the traffic to 2 endpoints", side, version)
}
