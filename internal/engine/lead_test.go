package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
)

func TestOfTwoControllersOneActsAndTheOtherTakesOverWhenItLeaves(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		two := h.hire("two").work()
		h.deploy(one, h.plan(one, "r1", "v1"))
		h.untilPhase(one, "r1", release.Starting)
		if two.leads() || two.Releases() != nil {
			h.Errorf("both are in charge")
		}
		if _, err := two.Deploy(h.Context(), h.plan(one, "r2", "v2"), "ann"); !errors.Is(err, ErrNotLeading) {
			h.Errorf("the one that stands by answered %v, want ErrNotLeading", err)
		}
		one.leave()
		if one.err != nil {
			h.Errorf("leaving ended with %v", one.err)
		}
		h.untilPhase(two, "r1", release.Done)
		if g, _ := two.Leading(); g != 2 {
			h.Errorf("the second leads under generation %d, want 2", g)
		}
		for _, o := range h.world.ordersOf(release.ActRoute) {
			if o.stamp.Fence != 2 {
				h.Errorf("route %s has the fence %d, want 2", o.stamp.Key, o.stamp.Fence)
			}
		}
		h.sees(alone(release.Blue, "v1"))
		h.balanced("r1")
	})
}

func TestTheLateOrdersOfAPausedControllerAreRefused(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		two := h.hire("two").work()
		// The first is stopped while its order is on the way to the platform.
		one.hand.onAppend = func(n int) verdict {
			if n == 4 { // start 2 on blue
				one.hand.frozen = make(chan struct{})
			}
			return goesThrough
		}
		h.deploy(one, h.plan(one, "r1", "v1"))
		h.untilPhase(two, "r1", release.Done)
		records := len(h.entries(""))
		one.hand.thaw()
		h.until("the late order is refused", func() bool { return len(one.hand.refusals()) > 0 })
		if err := one.hand.refusals()[0]; !errors.Is(err, release.ErrFenced) {
			h.Errorf("the late order was answered %v, want ErrFenced", err)
		}
		<-time.After(10 * time.Second)
		if now := len(h.entries("")); now != records {
			h.Errorf("%d records appeared after the first came back", now-records)
		}
		if one.leads() || !two.leads() {
			h.Errorf("the first leads %t, the second %t", one.leads(), two.leads())
		}
		h.sees(alone(release.Blue, "v1"))
		h.balanced("r1")
	})
}

func TestTheLateRecordsOfAPausedControllerAreRefused(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		two := h.hire("two").work()
		// The first is stopped while its record is on the way to the journal.
		one.hand.freeze()
		late := make(chan error, 1)
		go func() {
			_, err := one.Deploy(context.Background(), canary("r1", release.Target{}, "v1"), "ann")
			late <- err
		}()
		h.until("the second leads", two.leads)
		h.deploy(two, h.plan(two, "r2", "v2"))
		h.untilPhase(two, "r2", release.Done)
		one.hand.thaw()
		if err := <-late; !errors.Is(err, store.ErrFenced) {
			h.Errorf("the late record was answered %v, want ErrFenced", err)
		}
		if list := h.entries("r1"); len(list) > 0 {
			h.Errorf("the late record is in the journal: %v", list)
		}
		if _, ok := one.View("r1"); ok {
			h.Errorf("what was not recorded is shown")
		}
		h.balanced("r2")
	})
}

func (h *hand) refusals() []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.refused)
}

func TestAControllerThatCannotRenewStopsActingBeforeItsLeaseRunsOut(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(mended <-chan struct{}) error{
		"the store fails": func(<-chan struct{}) error { return errFull },
		"the store hangs": func(mended <-chan struct{}) error { <-mended; return errFull },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inHouse(t, func(h *house) {
				mended := make(chan struct{})
				c := h.open("one")
				h.stand(c)
				blocked := time.Now()
				c.hand.lease(func() error { return trouble(mended) })
				<-time.After(3 * ttl)
				if went := h.world.lastLook().Sub(blocked); went > ttl {
					h.Errorf("it went on for %s, longer than its lease lasts (%s)", went, ttl)
				}
				c.hand.lease(nil)
				close(mended)
				h.until("it works again", func() bool { return time.Since(h.world.lastLook()) < calmPace })
				h.deploy(c, h.plan(c, "r2", "v2"))
				h.untilPhase(c, "r2", release.Done)
			})
		})
	}
}

// lease sets what happens before each use of the lease.
func (h *hand) lease(f func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onLease = f
}

func TestTheLeaseOfAControllerThatIsKnownToBeDeadNeedNotRunOut(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		two := h.hire("two").work()
		killed := time.Now()
		one.hand.die()
		h.until("the second leads", two.leads)
		if took := time.Since(killed); took > ttl/2 {
			h.Errorf("it took %s, the lease lasts %s", took, ttl)
		}
	})
}

func TestAJournalThatFailsForAWhileDoesNotEndRun(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		var full atomic.Bool
		full.Store(true)
		c.hand.mu.Lock()
		c.hand.onAppend = func(int) verdict {
			if full.Load() {
				return fails
			}
			return goesThrough
		}
		c.hand.onLease = func() error {
			if full.Load() {
				return errFull
			}
			return nil
		}
		c.hand.mu.Unlock()
		if _, err := c.Deploy(h.Context(), h.plan(c, "r2", "v2"), "ann"); !errors.Is(err, errFull) {
			h.Errorf("deploying onto a full disk was answered %v", err)
		}
		<-time.After(30 * time.Second)
		select {
		case <-c.done:
			h.Fatalf("Run ended with %v", c.err)
		default:
		}
		full.Store(false)
		h.until("it leads again", c.leads)
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.untilPhase(c, "r2", release.Done)
		h.balanced("r1", "r2")
	})
}

func TestADeploymentThatWasWrittenThoughTheJournalSaidOtherwiseIsFoundOut(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.hire("one")
		c.hand.onAppend = func(n int) verdict {
			if n == 1 {
				return failsLate
			}
			return goesThrough
		}
		c.work()
		h.until("it leads", c.leads)
		p := h.plan(c, "r1", "v1")
		if _, err := c.Deploy(h.Context(), p, "ann"); !errors.Is(err, errFull) {
			h.Fatalf("deploy was answered %v", err)
		}
		h.untilPhase(c, "r1", release.Done)
		if resumed, err := c.Deploy(h.Context(), p, "ann"); err != nil || !resumed {
			h.Errorf("repeating it: resumed %t, %v", resumed, err)
		}
	})
}

func TestAnAppendIsSeenThroughThoughWhoeverAskedForItHasGone(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.hire("one")
		ctx, leave := context.WithCancel(h.Context())
		c.hand.onAppend = func(int) verdict { leave(); return goesThrough }
		c.work()
		h.until("it leads", c.leads)
		if _, err := c.Deploy(ctx, h.plan(c, "r1", "v1"), "ann"); err != nil {
			h.Errorf("deploy was answered %v", err)
		}
		if _, err := c.Deploy(ctx, canary("r9", release.Target{}, "v1"), "ann"); !errors.Is(err, ErrRefused) {
			h.Errorf("the second deployment was answered %v", err)
		}
		h.untilPhase(c, "r1", release.Done)
	})
}

func TestARecordThatCannotBeReadEndsRunWithItsNumberAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		record store.Record
		want   string
	}{
		"unknown type":    {store.Record{Release: "r1", Type: "teleported", Version: 1, Data: []byte(`{}`)}, `unknown event "teleported" version 1`},
		"unknown version": {store.Record{Release: "r1", Type: "halted", Version: 2, Data: []byte(`{}`)}, `unknown event "halted" version 2`},
		"unknown field": {store.Record{Release: "r1", Type: "halted", Version: 1, Data: []byte(`{"kind":"paused","until":"dawn"}`)},
			`unknown field "until"`},
		"no data":        {store.Record{Release: "r1", Type: "halted", Version: 1}, "EOF"},
		"without a plan": {store.Record{Release: "r7", Type: "halted", Version: 1, Data: []byte(`{}`)}, "begins with a plan"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inHouse(t, func(h *house) {
				one := h.open("one")
				h.stand(one)
				one.leave()
				number := h.scribble(c.record)
				orders := len(h.world.orders)
				two := h.hire("two").work()
				<-two.done
				if two.err == nil || !strings.Contains(two.err.Error(), c.want) || !strings.Contains(two.err.Error(), number) {
					h.Errorf("Run ended with %v, want %q and %q in it", two.err, c.want, number)
				}
				var unreadable *UnreadableError
				if !errors.As(two.err, &unreadable) {
					h.Errorf("the error is %T, want an *UnreadableError in it", two.err)
				}
				if head, _ := h.store.Head(h.Context()); head.Seq != unreadable.Seq || len(h.world.orders) != orders {
					h.Errorf("the journal ends at %d, and %d orders were given", head.Seq, len(h.world.orders)-orders)
				}
				if _, err := h.store.Acquire(h.Context(), "three", time.Now(), ttl); err != nil {
					h.Errorf("the lease was not given up: %v", err)
				}
			})
		})
	}
}

// scribble appends a record as another build might, and returns its number in
// words.
func (h *house) scribble(r store.Record) string {
	h.Helper()
	ctx := h.Context()
	lease, err := h.store.Acquire(ctx, "another", time.Now(), ttl)
	if err != nil {
		h.Fatal(err)
	}
	head, err := h.store.Head(ctx)
	if err != nil {
		h.Fatal(err)
	}
	r.App, r.At, r.Actor = "shop", time.Now(), "another"
	records := []store.Record{r}
	if _, err := h.store.Append(ctx, lease, head.Seq, records, nil); err != nil {
		h.Fatal(err)
	}
	if err := h.store.Yield(ctx, lease); err != nil {
		h.Fatal(err)
	}
	return fmt.Sprintf("record %d", records[0].Seq)
}

func TestAnEngineWithoutANameDoesNotRun(t *testing.T) {
	t.Parallel()
	if err := New(Config{}).Run(t.Context()); err == nil {
		t.Error("it ran")
	}
}

func TestAControllerThatStandsByLeavesWithoutAnError(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		h.open("one")
		two := h.hire("two").work()
		<-time.After(time.Second)
		two.leave()
		if two.err != nil {
			h.Errorf("it left with %v", two.err)
		}
	})
}

func TestAWorkerWhoseControllerStepsDownMidTurnDecidesNothingMore(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.deploy(one, h.plan(one, "r1", "v1"))
		h.untilPhase(one, "r1", release.Starting)
		one.leave()
		k := newWorker(one.Engine, "shop")
		if _, err := k.decide(h.Context(), "r1", &release.World{}); !errors.Is(err, ErrNotLeading) {
			h.Errorf("deciding ended with %v, want ErrNotLeading", err)
		}
		if err := k.reconcile(h.Context(), "r1", release.World{}, nil); !errors.Is(err, ErrNotLeading) {
			h.Errorf("reconciling ended with %v, want ErrNotLeading", err)
		}
		if _, err := k.intend(h.Context(), "r1", release.Action{}); !errors.Is(err, ErrNotLeading) {
			h.Errorf("recording an intent ended with %v, want ErrNotLeading", err)
		}
	})
}
