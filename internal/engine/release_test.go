package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

func TestACanaryGoesFromV1ToV2AndEveryActIsOnRecordBeforeItHappensAndAfter(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		unrecorded := 0
		h.world.before = func(_ context.Context, o order) error {
			entries := h.entries("")
			intended := slices.ContainsFunc(entries, func(e release.Entry) bool {
				i, ok := e.Event.(release.Intended)
				return ok && i.Key == o.stamp.Key && i.Action.Kind == o.kind
			})
			finished := slices.ContainsFunc(entries, func(e release.Entry) bool {
				f, ok := e.Event.(release.Finished)
				return ok && f.Key == o.stamp.Key
			})
			if !intended || finished {
				unrecorded++
			}
			return nil
		}
		c := h.open("one")
		h.stand(c)
		h.sees(alone(release.Blue, "v1"))
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.untilPhase(c, "r2", release.Done)
		h.sees(alone(release.Green, "v2"))
		h.sees("blue: ready map[], 0% of the traffic to 0 endpoints")
		if unrecorded > 0 || len(h.world.orders) < 6 {
			h.Errorf("%d of %d orders were not open intents on record", unrecorded, len(h.world.orders))
		}
		h.balanced("r1", "r2")
		h.passed("r2", release.Planned, release.Preflight, release.Starting, release.Warming, release.Testing,
			release.Shifting, release.Shifting, release.Soaking, release.Standby, release.Retiring, release.Done)
		if got := c.Standing("shop").Serves().Version; got != "v2" {
			h.Errorf("%q stands, want v2", got)
		}
		v, _ := c.View("r2")
		if len(v.State.Checked) != 1 || v.State.Ledger.Green.Accepted < 40 {
			h.Errorf("checked %v, ledger %+v: the evidence is missing", v.State.Checked, v.State.Ledger)
		}
	})
}

// passed fails the test unless the release went through these phases.
func (h *house) passed(name string, want ...release.Phase) {
	h.Helper()
	var got []release.Phase
	for _, e := range h.entries(name) {
		switch ev := e.Event.(type) {
		case release.RecordedPlan:
			got = append(got, release.Planned)
		case release.Entered:
			got = append(got, ev.Phase)
		case release.Ended:
			got = append(got, ev.Outcome)
		}
	}
	if !slices.Equal(got, want) {
		h.Errorf("%s went through %v, want %v", name, got, want)
	}
}

func TestAFailingActionIsTriedAgainWithGrowingPausesUntilTheReleaseIsTakenBack(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		var tries []time.Time
		h.world.before = func(_ context.Context, o order) error {
			if o.kind == release.ActStart && o.version == "v2" {
				tries = append(tries, o.at)
				return errors.New("no such file: /shop")
			}
			return nil
		}
		p := h.plan(c, "r2", "v2")
		h.deploy(c, p)
		h.untilPhase(c, "r2", release.RolledBack)
		if len(tries) != p.Tries.Most {
			h.Fatalf("it was tried %d times, want %d", len(tries), p.Tries.Most)
		}
		pause := p.Tries.Pause
		for k := 1; k < len(tries); k++ {
			least, most := pause, pause+p.Tries.Pause/4+2*busyPace
			if gap := tries[k].Sub(tries[k-1]); gap < least || gap > most {
				h.Errorf("pause %d was %s, want %s to %s", k, gap, least, most)
			}
			pause *= 2
		}
		v, _ := c.View("r2")
		if !v.State.Rejected || !strings.Contains(v.State.Reason, "start failed 4 times: no such file: /shop") {
			h.Errorf("rejected %t because %q", v.State.Rejected, v.State.Reason)
		}
		h.until("v1 serves alone", func() bool { return strings.Contains(h.world.summary(), alone(release.Blue, "v1")) })
		h.balanced("r1", "r2")
	})
}

func TestAVersionThatAnswersWithErrorsIsTakenBackAndRejected(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		h.world.sick["v2"] = true
		c := h.open("one")
		h.stand(c)
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.untilPhase(c, "r2", release.RolledBack)
		v, _ := c.View("r2")
		if !strings.Contains(v.State.Reason, "verdict failing") || !v.State.Rejected {
			h.Errorf("rejected %t because %q", v.State.Rejected, v.State.Reason)
		}
		h.sees(alone(release.Blue, "v1"))
		h.sees("green: ready map[], 0% of the traffic to 0 endpoints")
		h.balanced("r1", "r2")
	})
}

func TestAnActionGivenUpHasEndedAndIsRecordedAsSuchBeforeAnythingElseBegins(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		var cancelled, ended time.Time
		h.world.checks = func(ctx context.Context, _ release.CheckOrder) ([]release.CheckResult, error) {
			<-ctx.Done()
			cancelled = time.Now()
			<-time.After(500 * time.Millisecond) // a program that ends slowly
			ended = time.Now()
			return nil, ctx.Err()
		}
		c := h.open("one")
		h.deploy(c, h.plan(c, "r1", "v1"))
		h.until("the checks run", func() bool { return len(h.world.ordersOf(release.ActCheck)) == 1 })
		orders := len(h.world.orders)
		h.request(c, "r1", release.VerbAbort)
		h.untilPhase(c, "r1", release.RolledBack)
		if cancelled.IsZero() || ended.Sub(cancelled) < 500*time.Millisecond {
			h.Fatalf("the checks were not cancelled")
		}
		if next := h.world.orders[orders]; next.at.Before(ended) {
			h.Errorf("%s began at %s, before the checks had ended at %s", next.kind, next.at, ended)
		}
		var after []string
		for _, e := range h.entries("r1") {
			switch ev := e.Event.(type) {
			case release.Entered:
				after = nil
			case release.Intended:
				after = append(after, "intended "+string(ev.Action.Kind))
			case release.Finished:
				if ev.Canceled {
					after = append(after, "gave up "+string(ev.Kind))
				}
			}
		}
		if len(after) < 2 || after[0] != "gave up check" {
			h.Errorf("the way back was %v, want it to begin with the check being given up", after)
		}
		h.balanced("r1")
	})
}

func TestAReleaseIsNotRolledBackWhileAnInstanceMayStillBeStarted(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.world.before = func(_ context.Context, o order) error {
			if o.kind == release.ActStart && o.version == "v2" {
				<-time.After(2 * time.Second) // it forks, whatever is asked of it meanwhile
				h.world.launch(release.StartOrder{Side: release.Green, Version: "v2", Digest: "digest of v2", Count: 1})
			}
			return nil
		}
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.until("v2 is being started", func() bool { return len(h.world.ordersOf(release.ActStart)) == 2 })
		h.request(c, "r2", release.VerbAbort)
		h.untilPhase(c, "r2", release.RolledBack)
		h.sees("green: ready map[], 0%")
		if n := len(h.world.instances); n != 2 {
			h.Errorf("%d instances are left, want the two of v1", n)
		}
		h.balanced("r1", "r2")
	})
}

func TestTheStandingVersionIsKeptUpAfterTheRelease(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.world.kill("blue-001")
		h.until("one endpoint is left", func() bool {
			return strings.Contains(h.world.summary(), "ready map[v1:1], 100% of the traffic to 1 endpoints")
		})
		h.until("it was started again", func() bool { return strings.Contains(h.world.summary(), alone(release.Blue, "v1")) })
		h.world.forget()
		h.until("it is routed again", func() bool { return strings.Contains(h.world.summary(), alone(release.Blue, "v1")) })
		h.balanced("r1")
		if st := c.Standing("shop"); st.Active != "" || st.Serves().Version != "v1" {
			h.Errorf("what stands changed: %+v", st)
		}
	})
}

func TestWhatCannotBeObservedOnlyMakesAReleaseWaitAndTheViewSaysWhy(t *testing.T) {
	t.Parallel()
	for port, trouble := range map[string]string{
		"platform": "the instances cannot be observed: it does not answer",
		"front":    "the front cannot be observed: it does not answer",
	} {
		t.Run(port, func(t *testing.T) {
			t.Parallel()
			inHouse(t, func(h *house) {
				c := h.open("one")
				h.stand(c)
				h.deploy(c, h.plan(c, "r2", "v2"))
				h.untilPhase(c, "r2", release.Shifting)
				h.world.change(func() { h.world.blind[port] = errDown })
				h.until("the view says why", func() bool {
					v, _ := c.View("r2")
					return slices.Contains(v.Troubles, trouble) && len(v.Explanation.Waits) > 0
				})
				before := len(h.entries("r2"))
				<-time.After(time.Minute)
				for _, e := range h.entries("r2")[before:] {
					switch e.Event.(type) {
					case release.Entered, release.Ended, release.Intended:
						h.Errorf("it did not wait: %s", release.Sentence(e.Event))
					}
				}
				h.world.change(func() { delete(h.world.blind, port) })
				h.untilPhase(c, "r2", release.Done)
				if v, _ := c.View("r2"); len(v.Troubles) > 0 {
					h.Errorf("the view still says %v", v.Troubles)
				}
			})
		})
	}
}

func TestAnActionGoesOnThoughForAMomentNothingCanBeObserved(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		h.world.before = func(ctx context.Context, o order) error {
			if o.kind == release.ActStart {
				return pass(ctx, 3*time.Second)
			}
			return nil
		}
		c := h.open("one")
		h.deploy(c, h.plan(c, "r1", "v1"))
		h.until("it is being started", func() bool { return len(h.world.ordersOf(release.ActStart)) == 1 })
		h.world.change(func() { h.world.blind["platform"] = errDown })
		<-time.After(time.Second)
		h.world.change(func() { delete(h.world.blind, "platform") })
		h.untilPhase(c, "r1", release.Done)
		if n := len(h.world.ordersOf(release.ActStart)); n != 1 {
			h.Errorf("it was ordered %d times, want once", n)
		}
	})
}

func TestAStopGoesOnWhenOneOfItsInstancesEndsBeforeTheOthers(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.world.change(func() {
			h.world.before = func(ctx context.Context, o order) error {
				if o.kind != release.ActStop {
					return nil
				}
				h.world.change(func() {
					h.world.instances = slices.DeleteFunc(h.world.instances, func(i instance) bool { return i.ID == "blue-001" })
				})
				return pass(ctx, 3*time.Second)
			}
		})
		h.untilPhase(c, "r2", release.Done)
		if n := len(h.world.ordersOf(release.ActStop)); n != 1 {
			h.Errorf("v1 was ordered to stop %d times, want once", n)
		}
		h.balanced("r1", "r2")
	})
}

func TestAnInstanceOfNoSideCannotBeObserved(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		h.world.instances = []instance{{Instance: release.Instance{ID: "stray"}}}
		c := h.open("one")
		h.deploy(c, h.plan(c, "r1", "v1"))
		h.until("the view says why", func() bool {
			v, _ := c.View("r1")
			return slices.Contains(v.Troubles, `the instances cannot be observed: instance stray belongs to no side ("")`)
		})
	})
}
