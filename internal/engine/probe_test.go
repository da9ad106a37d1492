package engine

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/release"
)

// volleys is a port for synthetic requests: while it is to send, a pair ends
// every half a second, as the test says.
type volleys struct {
	mu     sync.Mutex
	last   time.Time
	n      int
	pair   func(n int) release.SyntheticPair
	err    error
	orders []release.SyntheticOrder
	forgot int
}

func (f *volleys) Observe(o release.SyntheticOrder) ([]release.SyntheticPair, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, o)
	if !o.Sends || f.err != nil {
		f.last = time.Time{}
		return nil, f.err
	}
	if f.last.IsZero() {
		f.last = time.Now()
	}
	var list []release.SyntheticPair
	for ; time.Since(f.last) >= time.Second/2; f.n++ {
		f.last = f.last.Add(time.Second / 2)
		p := f.pair(f.n)
		p.At, p.Of = f.last, "GET /"
		list = append(list, p)
	}
	return list, nil
}

func (f *volleys) Forget(string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgot++
}

func (f *volleys) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

var _ Synthetic = (*volleys)(nil)

// alike is a pair that both answered well.
func alike(int) release.SyntheticPair {
	try := release.SyntheticTry{Took: 20 * time.Millisecond}
	return release.SyntheticPair{Old: try, New: try}
}

func newFails(n int) release.SyntheticPair {
	p := alike(n)
	p.New.Bad = true
	return p
}

func bothFail(n int) release.SyntheticPair {
	p := newFails(n)
	p.Old.Bad = true
	return p
}

// probed is a house in which v2 comes in while nobody sends a request, but what
// cutover sends itself.
func (h *house) probed(f *volleys, change func(*release.Plan)) *controller {
	h.Helper()
	c := h.hire("one")
	c.Synthetic = f
	c.work()
	h.until("one leads", c.leads)
	h.stand(c)
	h.world.change(func() { h.world.quiet = true })
	p := h.patient(c)
	p.Steps[0].Hold.AtMost = time.Minute
	p.Synthetic = &release.Synthetic{Plan: "{}", Rate: 2, WhenBelow: 60, Block: time.Second}
	change(&p)
	h.deploy(c, p)
	return c
}

func as(*release.Plan) {}

func promoting(p *release.Plan) { p.Synthetic.Promotes = true }

func TestAVersionThatFailsSyntheticRequestsIsTakenBackAndTheReasonSaysSo(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		f := &volleys{pair: newFails}
		c := h.probed(f, as)
		h.untilPhase(c, "r2", release.RolledBack)
		v, _ := c.View("r2")
		for _, want := range []string{"verdict failing: synthetic: green ", " errors in ", "blue 0 in ", "of 4,000 needed"} {
			if !strings.Contains(v.State.Reason, want) {
				t.Errorf("%q does not say %q", v.State.Reason, want)
			}
		}
		h.until("the sending has ended", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.forgot == 1 })
		for _, o := range f.orders {
			if o.Sends && (len(o.Old) != 2 || len(o.New) != 2 || o.New[0].Version != "v2") {
				t.Fatalf("the port is told %+v", o)
			}
		}
		h.sees(alone(release.Blue, "v1"))
	})
}

func TestSyntheticRequestsAreNotAmongTheUsersAndDoNotPromoteUnasked(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.probed(&volleys{pair: alike}, as)
		h.until("r2 is paused", func() bool { v, _ := c.View("r2"); return v.State.Halt != nil })
		v, _ := c.View("r2")
		y := v.World.Verdict.Synthetic
		if v.State.Step != 0 || y == nil || y.Kind != release.Healthy || y.Pairs < 60 || y.StandsIn || v.World.Verdict.Kind == release.Healthy {
			t.Errorf("it is %s, the verdict %+v, %+v", v.State.Word(), v.World.Verdict, y)
		}
		if v.World.Verdict.Requests != 0 || v.World.Traffic.Sides.Green.Counters.Accepted != 0 || v.World.Verdict.Evidence.Signals[0].New.Requests != 0 {
			t.Errorf("they count as users': %+v", v.World.Verdict)
		}
	})
}

func TestWhereTheReleaseSaysSoSyntheticEvidenceStandsInForUsers(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.probed(&volleys{pair: alike}, func(p *release.Plan) {
			promoting(p)
			p.Soak.AtMost = 5 * time.Minute
			p.Steps[1].Hold.AtMost = 5 * time.Minute
		})
		h.until("r2 is at its second step", func() bool { v, _ := c.View("r2"); return v.State.Step == 1 })
		v, _ := c.View("r2")
		if !strings.Contains(v.State.Reason, "synthetic: green 0 errors in ") || !strings.Contains(v.State.Reason, "green may go on") {
			t.Errorf("it went on because %s", v.State.Reason)
		}
		if took := v.State.EnteredAt.Sub(h.reached("r2")); took < 40*time.Second {
			t.Errorf("it went on after %s, on the evidence of fewer than 80 pairs", took)
		}
		h.untilPhase(c, "r2", release.Soaking)
	})
}

// reached is when the first hold of a release began.
func (h *house) reached(name string) time.Time {
	h.Helper()
	for _, e := range h.entries(name) {
		if _, ok := e.Event.(release.Reached); ok {
			return e.At
		}
	}
	h.Fatal("no hold has begun")
	return time.Time{}
}

func TestWhereUsersSendEnoughNothingIsSent(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		f := &volleys{pair: newFails}
		c := h.probed(f, func(*release.Plan) { h.world.change(func() { h.world.quiet = false }) })
		h.untilPhase(c, "r2", release.Standby)
		for _, o := range f.orders {
			if o.Sends {
				t.Fatal("requests were sent beside those of many users")
			}
		}
		v, _ := c.View("r2")
		if y := v.State.Verdict.Synthetic; y == nil || y.Pairs != 0 || y.Kind == release.Failing {
			t.Errorf("they say %+v", y)
		}
	})
}

func TestWhatFailsOnBothSidesPausesAndWhatNeverWorkedOnlyWaits(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		f := &volleys{pair: alike}
		c := h.probed(f, as)
		h.until("some are answered", func() bool { v, _ := c.View("r2"); y := v.World.Verdict.Synthetic; return y != nil && y.Pairs > 10 })
		f.set(func() { f.pair = bothFail })
		h.until("r2 is paused", func() bool { v, _ := c.View("r2"); return v.State.Halt != nil })
		v, _ := c.View("r2")
		if !strings.Contains(v.State.Halt.Reason, "synthetic: both versions have too many errors") {
			t.Errorf("it is paused because %s", v.State.Halt.Reason)
		}
	})
	inHouse(t, func(h *house) {
		c := h.probed(&volleys{pair: bothFail}, promoting)
		h.until("it says so", func() bool {
			v, _ := c.View("r2")
			return strings.Contains(strings.Join(v.Explanation.Waits, "\n"), "neither version has ever answered GET / well")
		})
		if v, _ := c.View("r2"); v.World.Verdict.Kind != release.NotEnough || v.State.Phase != release.Shifting {
			t.Errorf("it is %s, the verdict %+v", v.State.Word(), v.World.Verdict)
		}
	})
}

func TestWhatCannotBeSentIsMissingDataAndIsSaid(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]*volleys{
		"no route to host": {pair: func(int) release.SyntheticPair {
			return release.SyntheticPair{New: release.SyntheticTry{Bad: true}, Void: "the new version cannot be reached from here: no route to host"}
		}},
		"the secret is gone": {pair: alike, err: errors.New("the secret is gone")},
	} {
		inHouse(t, func(h *house) {
			c := h.probed(f, promoting)
			h.until("it says so", func() bool {
				v, _ := c.View("r2")
				return strings.Contains(v.World.Verdict.Holds, want)
			})
			h.until("r2 is paused", func() bool { v, _ := c.View("r2"); return v.State.Halt != nil })
			v, _ := c.View("r2")
			if v.State.Step != 0 || !strings.Contains(v.State.Halt.Reason, want) {
				t.Errorf("it is %s: %s", v.State.Word(), v.State.Halt.Reason)
			}
		})
	}
}

func TestAnotherControllerGoesOnWithTheVerySamePairs(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		f := &volleys{pair: alike}
		first := h.probed(f, func(p *release.Plan) { p.Steps[0].Hold.AtMost = 10 * time.Minute })
		h.until("some are answered", func() bool { v, _ := first.View("r2"); y := v.World.Verdict.Synthetic; return y != nil && y.Pairs > 30 })
		first.hand.die()
		<-first.done
		kept := h.lastTest("r2")
		if kept.Pairs == nil || kept.Pairs.Pairs < 10 || kept.Pairs.Better.Wealth.Log <= 0 {
			t.Fatalf("on record are %+v", kept.Pairs)
		}

		second := h.hire("second")
		second.Synthetic = f
		second.work()
		h.until("the second goes on", func() bool {
			v, _ := second.View("r2")
			y := v.World.Verdict.Synthetic
			return y != nil && y.Rests == ""
		})
		v, _ := second.View("r2")
		if y := v.World.Verdict.Synthetic; y.Pairs < int(kept.Pairs.Pairs) || y.Pairs > int(kept.Pairs.Pairs)+3 {
			t.Errorf("it goes on with %d pairs, on record were %d", y.Pairs, kept.Pairs.Pairs)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if o := f.orders[len(f.orders)-1]; o.First < kept.Pairs.Pairs {
			t.Errorf("it begins with pair %d again", o.First)
		}
	})
}

func TestUsersAndSyntheticRequestsTogetherKeepToOneChanceOfAFalseAlarm(t *testing.T) {
	t.Parallel()
	for _, alpha := range []float64{0, 0.001, 0.05} {
		p := release.Plan{Guard: release.Guard{FalseAlarms: alpha}}
		whole := settingsOf(p)
		p.Synthetic = &release.Synthetic{Block: time.Second, Promotes: true}
		users, own := settingsOf(p), pairsOf(p)
		if sum := users.Rollback + own.Rollback; sum > whole.Rollback*(1+1e-12) || own.Rollback < whole.Rollback/5 {
			t.Errorf("%v of %v and %v", whole.Rollback, users.Rollback, own.Rollback)
		}
		if users.Promote+own.Promote > whole.Promote*(1+1e-12) {
			t.Errorf("to go on: %v of %v and %v", whole.Promote, users.Promote, own.Promote)
		}
		if err := own.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestAReleaseWithSyntheticRequestsIsRefusedWhereNobodySendsThem(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		p := h.patient(c)
		p.Synthetic = &release.Synthetic{Plan: "{}", Rate: 2, WhenBelow: 60, Block: time.Second}
		if _, err := c.Deploy(t.Context(), p, "ann"); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "cannot send synthetic requests") {
			t.Errorf("%v", err)
		}
	})
}
