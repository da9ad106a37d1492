package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cutover/internal/release"
)

// A course is a release from v1 to v2 as people and the world let it go.
type course struct {
	name string
	sick bool
	// ask is requested once the release is in phase at, or beyond.
	ask release.Verb
	at  release.Phase
	end release.Phase
}

func courses() []course {
	return []course{
		{name: "a good release", end: release.Done},
		{name: "an automatic rollback", sick: true, end: release.RolledBack},
		{name: "a rollback by the operator", ask: release.VerbRollback, at: release.Standby, end: release.RolledBack},
		{name: "an abort while it starts", ask: release.VerbAbort, at: release.Starting, end: release.RolledBack},
	}
}

// due reports whether it is time to ask.
func (c course) due(s release.State) bool {
	return c.ask != "" && s.Permits(c.ask) == nil && slices.Index(release.Phases(), s.Phase) >= slices.Index(release.Phases(), c.at)
}

// outcome is what an uninterrupted run and an interrupted one must agree on.
type outcome struct {
	world, serves, active string
	phase                 release.Phase
	rejected              []string
	noReturn              bool
}

// shift is a controller's turn of duty in which it dies at an append, or never.
type shift struct {
	dies verdict
	at   int
}

// play runs a course. The first controller takes up the work with v1 standing,
// and where it dies another takes its place. It returns the outcome and how
// many records the first one appended.
func (h *house) play(c course, s shift) (outcome, int) {
	h.world.change(func() { h.world.sick["v2"] = c.sick })
	setup := h.open("setup")
	h.stand(setup)
	p := h.plan(setup, "r2", "v2")
	setup.leave()

	first := h.hire("first")
	first.hand.onAppend = func(n int) verdict {
		if n == s.at {
			return s.dies
		}
		return goesThrough
	}
	first.work()
	now, asked := first, false
	h.until("r2 has ended, and what stands serves", func() bool {
		if now == first && h.isDead("first") {
			<-first.done
			now = h.hire("second").work()
		}
		if !now.leads() {
			return false
		}
		v, known := now.View("r2")
		if !known {
			h.harmless(now.again(p))
			return false
		}
		if !asked && c.due(v.State) {
			err := now.Request(h.Context(), "r2", c.ask, "ann", "because")
			h.harmless(err)
			asked = err == nil
		}
		return v.State.Phase.Ended() && h.settled(now)
	})
	return h.outcome(now), first.hand.count()
}

// again deploys as a person would who is not sure whether it got through.
func (c *controller) again(p release.Plan) error {
	_, err := c.Deploy(context.Background(), p, "ann")
	return err
}

// harmless fails the test for an error other than that of a dying controller.
func (h *house) harmless(err error) {
	h.Helper()
	if err != nil && !errors.Is(err, errDead) && !errors.Is(err, ErrNotLeading) {
		h.Fatalf("it was answered %v", err)
	}
}

// settled reports whether what stands serves alone and nothing is under way.
func (h *house) settled(c *controller) bool {
	serves := c.Standing("shop").Serves()
	return strings.Contains(h.world.summary(), alone(serves.Side, serves.Version)) && len(c.pending("shop")) == 0
}

func (h *house) outcome(c *controller) outcome {
	st := c.Standing("shop")
	v, _ := c.View("r2")
	o := outcome{world: h.world.summary(), serves: st.Serves().Version, active: st.Active, phase: v.State.Phase, noReturn: v.State.NoReturn}
	for _, r := range st.Rejected {
		o.rejected = append(o.rejected, r.Version)
	}
	return o
}

func (h *hand) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.appends
}

func (o outcome) same(p outcome) bool {
	rejected := slices.Equal(o.rejected, p.rejected)
	o.rejected, p.rejected = nil, nil
	return rejected && fmt.Sprint(o) == fmt.Sprint(p)
}

func TestAReleaseEndsTheSameWhereverItsControllerDies(t *testing.T) {
	t.Parallel()
	for _, c := range courses() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var want outcome
			var positions int
			inHouse(t, func(h *house) {
				want, positions = h.play(c, shift{})
				if want.phase != c.end || positions < 10 {
					h.Fatalf("uninterrupted it ended as %+v after %d records", want, positions)
				}
			})
			// Until there is nothing left to die at: two runs need not write quite
			// as many records.
			at, died := 0, 2
			for died > 0 && at < 4*positions {
				at++
				died = 0
				for _, dies := range []verdict{diesBefore, diesAfter} {
					inHouse(t, func(h *house) {
						got, _ := h.play(c, shift{dies, at})
						if h.isDead("first") {
							died++
						}
						if !got.same(want) {
							h.Errorf("dead at append %d (%d): it ended as\n%+v, want\n%+v", at, dies, got, want)
						}
						h.balanced("r1", "r2")
					})
				}
			}
			if died > 0 || at < positions*3/4 {
				t.Errorf("it was over at append %d, uninterrupted at %d", at, positions)
			}
			t.Logf("it died at each of %d appends", at-1)
		})
	}
}

func TestAReleaseEndsTheSameWhereverTheJournalFails(t *testing.T) {
	t.Parallel()
	for _, c := range courses() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for at := 1; at <= 60; at += 5 {
				for _, how := range []verdict{fails, failsLate} {
					inHouse(t, func(h *house) {
						h.world.change(func() { h.world.sick["v2"] = c.sick })
						one := h.hire("one")
						one.hand.onAppend = func(n int) verdict {
							if n == at {
								return how
							}
							return goesThrough
						}
						one.work()
						h.persist(one, "r1", "v1", course{})
						h.persist(one, "r2", "v2", c)
						if got := one.phase("r2"); got != c.end {
							h.Errorf("append %d failed (%d): it ended as %s, want %s", at, how, got, c.end)
						}
						h.balanced("r1", "r2")
					})
				}
			}
		})
	}
}

// persist deploys and asks until it is heard, and waits for the end.
func (h *house) persist(one *controller, name, version string, c course) {
	h.Helper()
	asked := false
	var p release.Plan
	h.until(name+" has ended", func() bool {
		if !one.leads() {
			return false
		}
		if p.Release == "" {
			p = h.plan(one, name, version)
		}
		v, known := one.View(name)
		switch {
		case !known:
			_, err := one.Deploy(h.Context(), p, "ann")
			h.transient(err)
		case !asked && c.due(v.State):
			err := one.Request(h.Context(), name, c.ask, "ann", "")
			h.transient(err)
			asked = err == nil
		}
		return v.State.Phase.Ended() && h.settled(one)
	})
}

func (h *house) transient(err error) {
	h.Helper()
	if err != nil && !errors.Is(err, errFull) && !errors.Is(err, ErrNotLeading) {
		h.Fatalf("it was answered %v", err)
	}
}

func TestAnIntentLeftOpenByADeadControllerKeepsItsKeyIfItIsStillWanted(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.hire("one")
		one.hand.onAppend = func(n int) verdict {
			if n == 4 { // start 2 on blue
				return diesAfter
			}
			return goesThrough
		}
		one.work()
		h.until("it leads", one.leads)
		h.deploy(one, h.plan(one, "r1", "v1"))
		<-one.done
		two := h.open("two")
		h.untilPhase(two, "r1", release.Done)
		if o := h.world.ordersOf(release.ActStart); len(o) != 1 || o[0].stamp.Key != "r1/4" || o[0].stamp.Fence != 2 {
			h.Errorf("the start orders were %+v, want one with the key r1/4 under generation 2", o)
		}
		h.balanced("r1")
	})
}

func TestAnIntentLeftOpenIsClosedEvenIfItsReleaseHasEnded(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		h.world.before = func(ctx context.Context, _ order) error { <-ctx.Done(); return ctx.Err() }
		dieAfter := func(at int) func(int) verdict {
			return func(n int) verdict {
				if n == at {
					return diesAfter
				}
				return goesThrough
			}
		}
		one := h.hire("one")
		one.hand.onAppend = dieAfter(5)
		one.work()
		h.until("it leads", one.leads)
		h.deploy(one, h.plan(one, "r1", "v1"))
		h.until("a start is under way", func() bool { return len(h.world.ordersOf(release.ActStart)) == 1 })
		h.harmless(one.Request(h.Context(), "r1", release.VerbAbort, "ann", ""))
		two := h.hire("two")
		two.hand.onAppend = dieAfter(2) // reverting, rolled-back
		<-two.work().done
		three := h.open("three")
		h.until("the intent is closed", func() bool { return len(three.pending("shop")) == 0 })
		if got := three.phase("r1"); got != release.RolledBack {
			h.Errorf("it is %s", got)
		}
		h.balanced("r1")
	})
}
