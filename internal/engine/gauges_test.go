package engine

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/release"
	"cutover/internal/signal"
)

// dials is a port for signals whose findings a test sets.
type dials struct {
	mu     sync.Mutex
	report signal.Report
	err    error
	orders []signal.Order
	forgot int
}

func (d *dials) Observe(o signal.Order) (signal.Report, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.orders = append(d.orders, o)
	r := d.report
	if o.Subject.New.Here() && r.Baselines == nil {
		r.Baselines = o.Baselines // what a watch was told it goes on to know
	}
	return r, d.err
}

func (d *dials) Forget(string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgot++
}

func (d *dials) show(r signal.Report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.report = r
}

func (d *dials) last() signal.Order {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.orders[len(d.orders)-1]
}

var _ Signals = (*dials)(nil)

// queue is a guard of the new version's queue.
func queue() signal.Signal {
	return signal.Signal{Name: "queue", Source: signal.Source{Kind: signal.Endpoint, At: "/stats", Query: "$.queue"}, Shape: signal.Level,
		Unit: signal.Count, Compare: signal.WithLimit, Limit: 100, Worse: signal.Higher, Role: signal.Guard, Factor: 1.2, Stale: 30 * time.Second}
}

func sealed(t *testing.T, set signal.Set) release.Sealed {
	t.Helper()
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func finding(v signal.Verdict, reason string) signal.Report {
	return signal.Report{Findings: []signal.Finding{{Name: "queue", Role: signal.Guard, Verdict: v, Reason: reason,
		Values: signal.Values{New: signal.Measured{Known: v != signal.Waits, Value: 240}}}}}
}

// gauged is a house in which v2 comes in, judged by its queue too.
func (h *house) gauged(d *dials, sets ...signal.Signal) *controller {
	h.Helper()
	c := h.hire("one")
	c.Signals = d
	c.work()
	h.until("one leads", c.leads)
	h.stand(c)
	h.deploy(c, h.withSignals(c, sets...))
	return c
}

func (h *house) withSignals(c *controller, sets ...signal.Signal) release.Plan {
	p := h.patient(c)
	p.Signals = sealed(h.T, signal.Set{Every: 5 * time.Second, Signals: append([]signal.Signal{queue()}, sets...)})
	return p
}

func TestABreachedGuardTakesTheReleaseBackAtOnceWithItsReason(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		d := &dials{report: finding(signal.Fine, "green 3")}
		c := h.gauged(d)
		h.untilHeld(c, release.Shifting)
		o := d.last()
		if o.Release != "r2" || o.Subject.Old.Label != "blue" || o.Subject.New.Version != "v2" || len(o.Subject.New.Instances) != 2 ||
			o.Subject.New.Served == 0 || o.Subject.New.Epoch != "e1" || o.Moment.Weight != 0.25 || o.Moment.Phase != "shifting" || o.Moment.InStep < time.Second {
			t.Errorf("the port is told %+v", o)
		}
		d.show(finding(signal.Breached, "green 240; at most 100 is permitted"))
		h.untilPhase(c, "r2", release.RolledBack)
		v, _ := c.View("r2")
		if !strings.Contains(v.State.Reason, "queue: green 240; at most 100 is permitted") {
			t.Errorf("it was taken back because %s", v.State.Reason)
		}
		h.until("the watch has ended", func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.forgot == 1 })
		h.sees(alone(release.Blue, "v1"))
	})
}

func TestASignalThatIsBadOnBothSidesPausesTheRelease(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		d := &dials{report: finding(signal.BothBreached, "blue is beyond it too")}
		c := h.gauged(d)
		h.until("r2 is paused", func() bool { v, _ := c.View("r2"); return v.State.Halt != nil })
		v, _ := c.View("r2")
		if v.State.Phase != release.Shifting || !strings.Contains(v.State.Halt.Reason, "queue: blue is beyond it too") {
			t.Errorf("it is %s: %s", v.State.Word(), v.State.Halt.Reason)
		}
	})
}

func TestSignalsThatVanishOrOnlyHoldMakeAReleaseWaitAndNextGoesOn(t *testing.T) {
	t.Parallel()
	for verdict, reason := range map[signal.Verdict]string{signal.Waits: "the source does not answer", signal.Worsened: "worse, for 5s of 30s"} {
		inHouse(t, func(h *house) {
			d := &dials{report: finding(signal.Fine, "green 3")}
			c := h.gauged(d)
			h.untilHeld(c, release.Shifting)
			d.show(finding(verdict, reason))
			h.until("r2 is paused", func() bool { v, _ := c.View("r2"); return v.State.Halt != nil })
			v, _ := c.View("r2")
			if v.State.Step != 0 || v.World.Verdict.Kind != release.NotEnough || !strings.Contains(v.State.Halt.Reason, "queue: "+reason) {
				t.Errorf("%s: it is %s, the verdict %+v, %s", verdict, v.State.Word(), v.World.Verdict, v.State.Halt.Reason)
			}
			h.request(c, "r2", release.VerbNext)
			h.until("it goes on", func() bool { v, _ := c.View("r2"); return v.State.Step == 1 })
		})
	}
}

func TestSignalsThatCannotBeWatchedMakeAReleaseWaitBeforeItBegins(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.gauged(&dials{err: errors.New("nothing here reads http")})
		passed := h.world.lastLook().Add(time.Minute)
		h.until("a minute has passed", func() bool { return h.world.lastLook().After(passed) })
		v, _ := c.View("r2")
		if v.State.Phase != release.Preflight || !strings.Contains(strings.Join(v.Explanation.Waits, "\n"), "nothing here reads http") {
			t.Errorf("it is %s and waits for %v", v.State.Word(), v.Explanation.Waits)
		}
	})
}

func TestAReleaseBeginsWhenItsBaselinesAreThereAndAnotherControllerKeepsThem(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		growth := queue()
		growth.Name, growth.Compare = "growth", signal.WithBaseline
		d := &dials{}
		c := h.gauged(d, growth)
		h.until("it waits for its baseline", func() bool {
			v, _ := c.View("r2")
			return v.State.Phase == release.Preflight && strings.Contains(strings.Join(v.Explanation.Waits, "\n"), "0 of the 5 readings")
		})
		if d.last().Subject.New.Here() {
			t.Error("the new version is said to be there")
		}
		before := map[string]signal.Baseline{"growth": {Levels: []float64{1, 2, 3, 4, 5}, Readings: 5, Last: time.Unix(9, 0).UTC()}}
		d.show(signal.Report{Baselines: before})
		h.untilPhase(c, "r2", release.Starting)
		// From here on the old watch is gone, and what it knew with it.
		c.hand.die()
		<-c.done
		next := &dials{report: finding(signal.Fine, "green 3")}
		second := h.hire("second")
		second.Signals = next
		second.work()
		h.untilHeld(second, release.Shifting)
		next.mu.Lock()
		first := next.orders[0].Baselines
		next.mu.Unlock()
		if b := first["growth"]; b.Readings != 5 || len(b.Levels) != 5 || !b.Last.Equal(before["growth"].Last) {
			t.Errorf("the other controller knows of before %+v", first)
		}
		if kept := h.lastTest("r2"); kept.Baselines["growth"].Readings != 5 {
			t.Errorf("on record are %+v", kept.Baselines)
		}
	})
}

func TestAPlanThatNobodyCanWatchIsRefused(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		if _, err := c.Deploy(t.Context(), h.withSignals(c), "ann"); !errors.Is(err, ErrRefused) {
			t.Errorf("without a port: %v", err)
		}
		clash := queue()
		clash.Name, clash.Role = "errors", signal.Evidence
		c.Signals = &dials{}
		if _, err := c.Deploy(t.Context(), h.withSignals(c, clash), "ann"); !errors.Is(err, ErrRefused) {
			t.Errorf("a signal called errors: %v", err)
		}
	})
}

func TestTheWorseOfBothVerdictsCounts(t *testing.T) {
	t.Parallel()
	kinds := []release.VerdictKind{release.Unknown, release.NotEnough, release.Healthy, release.Failing, release.BothFailing}
	for _, verdict := range []signal.Verdict{signal.Waits, signal.Fine, signal.Worsened, signal.Breached, signal.BothBreached} {
		for _, kind := range kinds {
			g := gauges{set: signal.Set{Every: time.Second, Signals: []signal.Signal{queue()}}, report: finding(verdict, "why")}
			got := g.weigh(release.Verdict{Kind: kind, Reason: "requests"})
			want := kind
			switch {
			case verdict == signal.Breached:
				want = release.Failing
			case verdict == signal.BothBreached && kind != release.Failing:
				want = release.BothFailing
			case verdict != signal.Fine && kind == release.Healthy:
				want = release.NotEnough
			}
			holds := (verdict == signal.Waits || verdict == signal.Worsened) && kind != release.Failing && kind != release.BothFailing ||
				verdict == signal.BothBreached && kind != release.Failing && kind != release.BothFailing
			if got.Kind != want || (got.Holds != "") != holds || len(got.Signals) != 1 {
				t.Errorf("%s beside %q: %+v, want %q", verdict, kind, got, want)
			}
			if got.Kind == release.Healthy && kind != release.Healthy {
				t.Errorf("%s makes %q healthy", verdict, kind)
			}
		}
	}
}

func TestEvidenceBesideTheRequestsIsWeighedWithThem(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	cache := queue()
	cache.Name, cache.Role, cache.Compare, cache.Shape, cache.Unit, cache.Weight = "cache", signal.Evidence, signal.WithBlue, signal.Counted, signal.Ratio, 0.3
	tr.state.Plan.Signals = sealed(t, signal.Set{Every: 5 * time.Second, Signals: []signal.Signal{cache}})
	tr.j = newJudge(tr.state)
	tr.j.gauges.report.Epoch = "w1"
	old, fresh := analysis.Count{}, analysis.Count{}
	step := func(misses float64) release.Verdict {
		old.Requests, old.Bad = old.Requests+300, old.Bad+30
		fresh.Requests, fresh.Bad = fresh.Requests+100, fresh.Bad+misses
		tr.j.gauges.report.Readings = []analysis.Reading{{Signal: "cache", Old: old, New: fresh}}
		return tr.pass(5, of{300, 0}, of{100, 0})
	}
	for range 20 {
		if v := step(10); v.Kind == release.Failing {
			t.Fatalf("an equal cache fails it: %s", v.Reason)
		}
	}
	v := step(10)
	for range 40 {
		v = step(90)
	}
	if v.Kind != release.Failing || !strings.Contains(v.Reason, "cache") {
		t.Errorf("a cache that misses nine times as often: %q %s", v.Kind, v.Reason)
	}
	tr = newTrial(t)
	tr.state.Plan.Signals = sealed(t, signal.Set{Every: 5 * time.Second, Signals: []signal.Signal{cache}})
	tr.j = newJudge(tr.state)
	if v := tr.pass(30, of{300, 0}, of{100, 0}); v.Kind != release.NotEnough || v.Holds == "" {
		t.Errorf("evidence that is missing: %+v", v)
	}
}
