package engine

import (
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
)

// skewed is a clock that is wrong by so much.
type skewed struct{ atomic.Int64 }

func (s *skewed) now() time.Time { return time.Now().Add(time.Duration(s.Load())) }

// The clock of a second controller jumps an hour ahead, so that the first
// one's lease looks long expired to it. It takes over, and from its first order
// on nothing that the first one says has any effect.
func TestAClockThatJumpsAheadLetsOnlyOneControllerAct(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		var clock skewed
		one := h.open("one")
		h.stand(one)
		h.deploy(one, h.plan(one, "r2", "v2"))
		h.untilPhase(one, "r2", release.Shifting)
		two := h.hire("two")
		two.Now = clock.now
		two.work()
		h.until("two stands by", func() bool { return one.leads() && !two.leads() })
		clock.Store(int64(time.Hour))
		h.until("two leads alone", func() bool { return two.leads() && !one.leads() })
		clock.Store(0)
		h.untilPhase(two, "r2", release.Done)
		h.sees(alone(release.Green, "v2"))
		h.oneFenceAtATime()
		h.balanced("r2")
	})
}

// The clock of the machine jumps under the holder and under who stands by. One
// of both leads, the lease does not go to and fro, and the release gets on once
// the clock is right again.
func TestAClockThatJumpsForBothLeavesOneInCharge(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"an hour back": -time.Hour, "an hour ahead": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inHouse(t, func(h *house) {
				var clock skewed
				one, two := h.hire("one"), h.hire("two")
				one.Now, two.Now = clock.now, clock.now
				one.work()
				h.until("one leads", one.leads)
				two.work()
				h.stand(one)
				h.deploy(one, h.plan(one, "r2", "v2"))
				h.untilPhase(one, "r2", release.Shifting)
				clock.Store(int64(jump))
				began := time.Now()
				h.until("many renewals have passed", func() bool { return time.Since(began) > 10*ttl })
				clock.Store(0)
				lead := one
				if two.leads() {
					lead = two
				}
				if generation, _ := lead.Leading(); one.leads() == two.leads() || generation > 2 {
					h.Errorf("one leads: %t, two leads: %t, generation %d", one.leads(), two.leads(), generation)
				}
				if v, _ := lead.View("r2"); v.State.Halt != nil { // a hold that seemed to have lasted an hour has run out
					h.request(lead, "r2", release.VerbResume)
				}
				h.untilPhase(lead, "r2", release.Done)
				h.oneFenceAtATime()
				h.balanced("r2")
			})
		})
	}
}

// A holder set the expiry an hour ahead, its clock being wrong, and died where
// nobody can tell. The lease is not lost for an hour.
func TestALeaseFarInTheFutureIsTakenOnceNobodyRenewsIt(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		if _, err := h.store.Acquire(h.Context(), "gone from another machine", time.Now().Add(time.Hour), ttl); err != nil {
			h.Fatal(err)
		}
		began := time.Now()
		one := h.hire("one").work()
		h.until("one leads", one.leads)
		// The bubble's time is exact.
		if took := time.Since(began); took < ttl || took > 2*ttl {
			h.Errorf("it took %s to take a lease of %s", took, ttl)
		}
		if generation, _ := one.Leading(); generation != 2 {
			h.Errorf("generation %d, want 2", generation)
		}
	})
}

// oneFenceAtATime fails the test if an order of an older generation had its
// effect after one of a newer.
func (h *house) oneFenceAtATime() {
	h.Helper()
	newest := uint64(0)
	for _, e := range h.entries("") {
		in, ok := e.Event.(release.Intended)
		if !ok {
			continue
		}
		for _, o := range h.world.ordersOf(in.Action.Kind) {
			if o.stamp.Key == in.Key && o.stamp.Fence < newest {
				h.Errorf("order %s of generation %d had its effect after one of generation %d", in.Key, o.stamp.Fence, newest)
			} else if o.stamp.Key == in.Key {
				newest = o.stamp.Fence
			}
		}
	}
}
