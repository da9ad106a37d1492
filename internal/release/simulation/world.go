// Package simulation is a world in which releases can be played through some
// thousands of times a second: instances, a front, a schema, users and
// faults, all in memory and driven by a seed. It is what the property tests
// of the core and the core's benchmark run on.
package simulation

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"cutover/internal/release"
)

// World is the simulated world of one app.
type World struct {
	// Now is what the clock shows.
	Now    time.Time
	Plan   release.Plan
	Faults Faults
	// Calm switches all faults off; what was broken stays broken until mended.
	Calm bool
	// LostByUs counts requests that were in flight on instances which were
	// ordered to stop.
	LostByUs int
	// Backups counts those taken.
	Backups int

	rng   *rand.Rand
	sides release.Sides[[]instance]
	front front
	// companions are those of both sides.
	companions []instance
	schema     release.SchemaWorld
	restore    release.RestoreWorld
	cached     map[string]int
	// paused says that clients of PgBouncer wait, filed that it has the
	// configuration of the release, drained whose server connections are gone.
	paused, filed bool
	drained       release.Side
	serial        int
	blindTo       Faults
	clockErrs     bool
}

type instance struct {
	release.Instance
	readyAt           time.Time
	requests, streams int
}

type front struct {
	served     bool
	generation uint64
	epoch      int
	route      release.Route
	counters   release.Sides[release.Counters]
	compared   *release.Comparison
}

// New returns a world in which the plan's old version serves, if it has one.
func New(p release.Plan, faults Faults, seed uint64) *World {
	w := &World{Now: time.Unix(1_700_000_000, 0).UTC(), Plan: p, Faults: faults, rng: rand.New(rand.NewPCG(seed, 7))}
	w.schema.Known = true
	w.restore.Known = p.Strategy == release.Restore
	w.front.epoch = 1
	w.fillCache()
	if p.First() {
		return w
	}
	old := w.sides.Of(p.From.Side)
	for range p.Replicas {
		in := w.launch(p.From, p.From.Side)
		in.Ready, in.readyAt, in.ReadySince = true, w.Now, w.Now
		*old = append(*old, in)
	}
	for _, c := range p.Companions {
		w.found(c)
	}
	w.front.served = true
	r := w.front.route.Sides.Of(p.From.Side)
	r.Weight = release.All
	for _, in := range *old {
		r.Endpoints = append(r.Endpoints, release.Endpoint{ID: in.ID, Addr: in.Addr})
	}
	return w
}

func (w *World) launch(t release.Target, side release.Side) instance {
	w.serial++
	id := fmt.Sprintf("%s-%06d", side, w.serial)
	return instance{
		Instance: release.Instance{ID: id, Side: side, Version: t.Version, Digest: t.Digest, Addr: id, Alive: true, Since: w.Now},
		readyAt:  w.Now.Add(time.Duration(w.rng.IntN(3000)) * time.Millisecond),
	}
}

func (w *World) strikes(f Faults, oneIn int) bool {
	return !w.Calm && w.Faults&f != 0 && w.rng.IntN(oneIn) == 0
}

// Advance lets time pass: instances get ready or die, users send requests.
func (w *World) Advance(d time.Duration) {
	w.Now = w.Now.Add(d)
	w.setClock()
	w.blindTo = 0
	for _, f := range []Faults{PlatformUnseen, FrontUnseen, SchemaUnseen, SignalsUnseen, CacheUnseen} {
		if w.strikes(f, 4) {
			w.blindTo |= f
		}
	}
	if w.strikes(FrontRestarts, 30) {
		w.front.epoch++
		w.front.counters = release.Sides[release.Counters]{}
		w.front.compared = nil
	}
	w.compare(d)
	for _, side := range []release.Side{release.Blue, release.Green} {
		w.live(*w.sides.Of(side), side == w.Plan.To.Side)
		w.serve(side, d)
	}
	w.liveCompanions()
	w.liveCache()
}

// compare has the front copy requests and compare the answers.
func (w *World) compare(d time.Duration) {
	m := w.front.route.Mirror
	if m == nil {
		return
	}
	if w.front.compared == nil {
		w.front.compared = &release.Comparison{}
	}
	c := *w.front.compared
	if w.Faults&NoTraffic == 0 {
		c.Samples += min(uint64(10*d.Seconds()), 2000)
	}
	c.Endpoints = 1
	if w.Faults&NewDiffers != 0 && c.Samples > 20 && len(c.Differences) == 0 {
		c.Alarms = 1
		c.Differences = []release.Difference{{Endpoint: "GET /", Path: "$.price", Kind: "another value", Count: c.Samples, Of: c.Samples, Alarm: true}}
	}
	w.front.compared = &c
}

// live moves instances on; fresh ones are of the new version.
func (w *World) live(list []instance, fresh bool) {
	for k := range list {
		in := &list[k]
		crash := fresh && w.strikes(NewCrashes, 25) || !fresh && w.strikes(OldCrashes, 60)
		switch {
		case in.Alive && crash:
			in.Alive, in.Ready, in.Detail, in.requests, in.streams = false, false, "exit status 1", 0, 0
		case in.Alive && in.Ready && w.strikes(ReadinessFlaps, 40):
			in.Ready, in.readyAt = false, w.Now.Add(time.Duration(w.rng.IntN(20))*time.Second)
		case in.Alive && !in.Ready && !w.Now.Before(in.readyAt) && !(fresh && w.Faults&NewNeverReady != 0):
			in.Ready, in.ReadySince = true, w.Now
		}
	}
}

// serve lets users use a side for a while.
func (w *World) serve(side release.Side, d time.Duration) {
	r, c := w.front.route.Sides.Of(side), w.front.counters.Of(side)
	n := 0
	if w.Faults&NoTraffic == 0 {
		n = min(int(float64(100)*d.Seconds()*r.Weight.Share()), 20_000)
	}
	list := *w.sides.Of(side)
	for k := range list {
		in := &list[k]
		routed := slices.ContainsFunc(r.Endpoints, func(e release.Endpoint) bool { return e.ID == in.ID })
		if routed && r.Weight > 0 && in.Alive {
			in.requests, in.streams = w.rng.IntN(3), w.rng.IntN(2)
			continue
		}
		if !(w.Faults&SlowRequests != 0 && !w.Calm && w.rng.IntN(4) > 0) {
			in.requests = 0
		}
		if w.rng.IntN(3) == 0 && w.Faults&SlowRequests == 0 {
			in.streams = 0
		}
	}
	c.Accepted += uint64(n)
	c.Answered += uint64(n)
	if side == w.Plan.To.Side && w.Faults&NewFails != 0 {
		c.Errors += uint64(n / 10)
	}
	if w.Faults&BothFail != 0 {
		c.Errors += uint64(n / 5)
	}
}

// Observe returns what a controller can see now.
func (w *World) Observe(s release.State) release.World {
	out := release.World{Now: w.Now, Schema: w.schema, Restore: w.restore}
	out.Schema.Known = w.blindTo&SchemaUnseen == 0
	if w.blindTo&SchemaUnseen != 0 {
		out.Restore = release.RestoreWorld{}
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		in := out.Sides.Of(side)
		in.Known = w.blindTo&PlatformUnseen == 0
		if in.Known {
			for _, i := range *w.sides.Of(side) {
				in.List = append(in.List, i.Instance)
			}
		}
	}
	out.Companions = w.seenCompanions()
	out.Cache.Known = w.blindTo&CacheUnseen == 0
	if w.blindTo&FrontUnseen == 0 {
		out.Traffic = w.traffic()
	}
	out.Verdict = w.verdict(s, out)
	if w.blindTo&SignalsUnseen != 0 && !w.Plan.First() {
		out.Unread, out.Verdict.Holds = "a signal is missing", "a signal is missing"
		if out.Verdict.Kind == release.Healthy {
			out.Verdict.Kind = release.NotEnough
		}
	}
	return out
}

func (w *World) traffic() release.Traffic {
	t := release.Traffic{Known: true, Served: w.front.served, Generation: w.front.generation,
		Epoch: "e" + string(rune('0'+w.front.epoch%64)), Salt: w.front.route.Salt, Private: w.front.route.Private,
		Mirror: w.front.route.Mirror, Comparison: w.front.compared}
	for _, side := range []release.Side{release.Blue, release.Green} {
		r, st := w.front.route.Sides.Of(side), t.Sides.Of(side)
		st.Weight, st.Endpoints, st.Counters = r.Weight, r.Endpoints, *w.front.counters.Of(side)
		for _, in := range *w.sides.Of(side) {
			if in.requests+in.streams > 0 {
				st.Requests += in.requests
				st.Streams += in.streams
				st.Load = append(st.Load, release.Load{ID: in.ID, Requests: in.requests, Streams: in.streams})
			}
		}
	}
	return t
}

// verdict is the guard's answer for the present hold.
func (w *World) verdict(s release.State, seen release.World) release.Verdict {
	if !seen.Traffic.Known {
		return release.Verdict{}
	}
	growth, ok := s.Count(seen.Traffic.Reading())
	if !ok {
		return release.Verdict{}
	}
	fresh, old := growth.Of(w.Plan.To.Side), growth.Of(w.Plan.From.Side)
	if old.Accepted == 0 {
		old = s.Ledger.Of(w.Plan.From.Side)
	}
	return release.Verdict{Kind: compare(w.Plan.Guard, *old, *fresh), Reason: "counted", Requests: int(fresh.Accepted)}
}

// compare is a simple rule in the place of the real analysis: what matters here
// is that every answer occurs.
func compare(g release.Guard, old, fresh release.Counters) release.VerdictKind {
	share := func(c release.Counters) float64 { return float64(c.Errors) / max(float64(c.Accepted), 1) }
	const outage = 0.1
	switch {
	case fresh.Accepted < uint64(g.MinRequests):
		return release.NotEnough
	case share(old) > outage && share(fresh) > outage:
		return release.BothFailing
	case share(fresh) > share(old)+g.Margin:
		return release.Failing
	}
	return release.Healthy
}

// rehearsed is what a rehearsal of the change finds.
func (w *World) rehearsed() *release.Rehearsed {
	r := &release.Rehearsed{Impact: release.NeedsCare}
	switch {
	case w.Faults&ChangeBreaks != 0:
		r.Impact, r.Reasons = release.Unproven, []string{"it does not run"}
	case w.Faults&ChangeHarms != 0:
		r.Impact, r.Reasons = release.Destructive, []string{"it takes a column away"}
	}
	return r
}

var errFault = errors.New("simulated fault")

// Do carries an action out, or fails before or after it had its effect.
func (w *World) Do(s release.State, a release.Action) ([]release.CheckResult, error) {
	if w.strikes(ActionsFail, 3) {
		return nil, errFault
	}
	results := w.act(s, a)
	if w.strikes(ActionsLie, 5) {
		return nil, errFault
	}
	return results, nil
}

func (w *World) act(s release.State, a release.Action) []release.CheckResult {
	switch a.Kind {
	case release.ActStart:
		w.start(s, a)
	case release.ActStop:
		w.stop(a)
	case release.ActRoute:
		w.front.route, w.front.served = *a.Route, true
		w.front.generation++
	case release.ActCloseStreams:
		for k, in := range *w.sides.Of(a.Side) {
			if len(a.Instances) == 0 || slices.Contains(a.Instances, in.ID) {
				(*w.sides.Of(a.Side))[k].streams = 0
			}
		}
	case release.ActWarmUp:
		return []release.CheckResult{{Name: "warm-up", Attempts: 1, Evidence: "simulated"}}
	case release.ActCheck:
		bad := w.Faults&ChecksFail != 0
		return []release.CheckResult{{Name: "smoke", Passed: !bad, Attempts: 1, Evidence: "simulated"}}
	case release.ActResumePool, release.ActDrainPool, release.ActReloadPool:
		w.actOnPool(s, a)
	case release.ActPurgeCache:
		w.cached[a.Prefix] = 0
	case release.ActBackup:
		w.Backups++
	case release.ActPrepare:
		w.restore.Prepared = true
	case release.ActExchange:
		w.restore.Exchanged, w.restore.Aside = true, "shop_before"
	case release.ActExchangeBack:
		w.restore.Exchanged, w.restore.Aside = false, ""
	case release.ActExpand:
		w.schema.Expanded = true
	case release.ActBackfill:
		w.schema.Filled = true
	case release.ActContract:
		w.schema.Contracted = true
	case release.ActRevertSchema:
		w.schema.Expanded, w.schema.Filled = false, false
	}
	return nil
}

func (w *World) start(s release.State, a release.Action) {
	list := w.sides.Of(a.Side)
	if a.Component != "" {
		list = &w.companions
	}
	target := s.Plan.TargetOf(a.Component, a.Side)
	alive := 0
	for k := range *list {
		in := &(*list)[k]
		if in.Component != a.Component || in.Side != a.Side {
			continue
		}
		if !in.Alive && alive < a.Count {
			in.Alive, in.Ready, in.Detail = true, false, ""
			in.Restarts++
			in.Since, in.readyAt = w.Now, w.Now.Add(time.Second)
		}
		if in.Alive {
			alive++
		}
	}
	for ; alive < a.Count; alive++ {
		in := w.launch(target, a.Side)
		in.Component = a.Component
		*list = append(*list, in)
	}
}

func (w *World) stop(a release.Action) {
	list := w.sides.Of(a.Side)
	if a.Component != "" {
		list = &w.companions
	}
	*list = slices.DeleteFunc(*list, func(in instance) bool {
		if !slices.Contains(a.Instances, in.ID) {
			return false
		}
		w.LostByUs += in.requests
		return true
	})
}
