package simulation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"cutover/internal/release"
)

// Decider is the function under test: release.Decide, or a planted bug.
type Decider func(release.State, release.World) release.Decision

// History plays one release through a world, recording as a controller would,
// and checks every invariant at every step.
type History struct {
	World   *World
	State   release.State
	Entries []release.Entry
	// Violations holds what broke, at most the first few.
	Violations []release.Violation
	// Visited counts the ticks spent in each phase.
	Visited map[release.Phase]int

	decide Decider
}

// NewHistory records the plan and is ready to tick.
func NewHistory(w *World, decide Decider) *History {
	h := &History{World: w, decide: decide, Visited: map[release.Phase]int{}, Entries: make([]release.Entry, 0, 64)}
	h.record("tester", release.RecordedPlan{Plan: w.Plan})
	return h
}

func (h *History) record(actor string, ev release.Event) {
	e := release.Entry{Seq: int64(len(h.Entries) + 1), At: h.World.Now, Actor: actor, Event: ev}
	s, err := release.Fold(h.State, e)
	if err != nil {
		h.violate(release.Violation{Invariant: "fold", Detail: err.Error()})
		return
	}
	h.Entries, h.State = append(h.Entries, e), s
}

func (h *History) violate(vs ...release.Violation) {
	if len(h.Violations) < 8 {
		h.Violations = append(h.Violations, vs...)
	}
}

// Tick lets time pass and the controller look, decide and act once. Where the
// controller crashes, what it had not recorded is forgotten.
func (h *History) Tick(d time.Duration) {
	h.World.Advance(d)
	h.Visited[h.State.Phase]++
	h.operate()
	for range 40 {
		seen := h.World.Observe(h.State)
		out := h.decide(h.State, seen)
		h.violate(release.CheckActions(h.State, seen, out.Actions)...)
		for _, ev := range out.Events {
			h.violate(release.CheckEvent(h.State, seen, ev)...)
			h.record("engine", ev)
			h.Visited[h.State.Phase]++
			if h.World.strikes(ControllerCrashes, 20) {
				return
			}
		}
		if len(out.Events) == 0 {
			h.act(out.Actions)
			return
		}
	}
	h.violate(release.Violation{Invariant: "progress", Detail: fmt.Sprintf("decisions do not settle in %s", h.State.Phase)})
}

func (h *History) act(actions []release.Action) {
	h.closeStale(actions)
	for _, a := range actions {
		key := h.intent(a)
		if h.World.strikes(ControllerCrashes, 10) {
			return
		}
		h.World.poolBefore(h.State, a)
		results, err := h.World.Do(h.State, a)
		if h.World.strikes(ControllerCrashes, 10) {
			return
		}
		if err := h.World.Overlaps(); err != nil {
			h.violate(release.Violation{Invariant: "I10", Detail: err.Error()})
		}
		if err := h.World.CacheWrong(h.State); err != nil {
			h.violate(release.Violation{Invariant: "cache", Detail: err.Error()})
		}
		f := release.Finished{Key: key, Kind: a.Kind, Side: a.Side, Component: a.Component, Checks: results, Pool: h.World.poolAfter(h.State, a)}
		if err != nil {
			f.Error = err.Error()
		} else if a.Kind == release.ActBackup {
			f.Saved = &release.Saved{Name: "b" + key}
		} else if a.Kind == release.ActRehearse {
			f.Rehearsed = h.World.rehearsed()
		} else if a.Kind == release.ActSampleCache {
			f.Cached = &release.CacheResult{Profile: release.Sealed("{}"), Keys: 100}
		}
		h.record("engine", f)
	}
}

// closeStale gives up, as the engine does, what a controller that crashed has
// left behind and nobody wants now: what is wanted again later is an action of
// its own, on record before it begins.
func (h *History) closeStale(actions []release.Action) {
	for _, p := range h.State.Pending {
		if !slices.ContainsFunc(actions, p.Action.Same) {
			h.record("engine", release.Finished{Key: p.Key, Kind: p.Action.Kind, Side: p.Action.Side, Component: p.Action.Component, Canceled: true})
		}
	}
}

// intent records an action, or finds it recorded by a controller that crashed.
func (h *History) intent(a release.Action) string {
	for _, p := range h.State.Pending {
		if p.Action.Same(a) {
			return p.Key
		}
	}
	key := fmt.Sprintf("%s/%d", h.State.Release, len(h.Entries)+1)
	h.record("engine", release.Intended{Key: key, Action: a})
	return key
}

// operate lets a person do something, sensible or not.
func (h *History) operate() {
	w := h.World
	h.ask(w.strikes(OperatorPauses, 30), release.VerbPause)
	h.ask(w.strikes(OperatorPauses, 8), release.VerbResume)
	h.ask(w.strikes(OperatorPushes, 15), release.VerbNext)
	h.ask(w.strikes(OperatorPushes, 40), release.VerbPromote)
	h.ask(w.strikes(OperatorAborts, 60), release.VerbAbort)
	h.ask(w.strikes(OperatorAborts, 60), release.VerbRollback)
	h.ask(w.strikes(OperatorRetires, 10), release.VerbRetire)
}

func (h *History) ask(does bool, v release.Verb) {
	if does && h.State.Permits(v) == nil {
		h.record("tester", release.Requested{Verb: v, Reason: "because"})
	}
}

// ErrStuck means that a release neither ends nor says what it waits for.
var ErrStuck = errors.New("the release is stuck")

// Finish ends all faults and sees the release through: a person takes back
// what is halted or has too little evidence. It returns ErrStuck if that does
// not end it, and tests what the end looks like.
func (h *History) Finish() error {
	h.World.Calm = true
	h.World.Faults &^= NewNeverReady | SlowRequests | PlatformUnseen | FrontUnseen | SchemaUnseen | SignalsUnseen | CacheUnseen
	for k := range 400 {
		h.Tick(stride(k))
		if h.State.Phase.Ended() {
			h.atEnd()
			return nil
		}
		if x := release.Explain(h.State, h.World.Observe(h.State)); len(x.Waits) == 0 {
			return fmt.Errorf("%w: %s has nothing to say", ErrStuck, x.Word)
		}
		if k%20 == 19 {
			h.unblock(k/20%2 == 1)
		}
	}
	return fmt.Errorf("%w in %s: %v", ErrStuck, h.State.Word(), release.Explain(h.State, h.World.Observe(h.State)).Waits)
}

// unblock does what a person would: wait once more, then take it back.
func (h *History) unblock(patient bool) {
	for _, v := range []release.Verb{release.VerbResume, release.VerbRetire, release.VerbRollback, release.VerbAbort, release.VerbNext} {
		if h.State.Permits(v) == nil && !(v == release.VerbResume && !patient) {
			h.record("tester", release.Requested{Verb: v, Reason: "unblock"})
			return
		}
	}
}

// atEnd gives the world a moment and tests what is left standing.
func (h *History) atEnd() {
	h.World.Calm = true
	h.violate(release.CheckEnd(h.State, h.World.Observe(h.State))...)
	h.violate(release.CheckHistory(h.Entries)...)
	if err := h.World.CacheWrong(h.State); err != nil {
		h.violate(release.Violation{Invariant: "cache", Detail: err.Error()})
	}
	if err := h.World.PoolWrong(h.State); err != nil {
		h.violate(release.Violation{Invariant: "pool", Detail: err.Error()})
	}
	if h.World.LostByUs > 0 && !h.forced() {
		h.violate(release.Violation{Invariant: "I7", Detail: fmt.Sprintf("%d requests were in flight on stopped instances", h.World.LostByUs)})
	}
}

// forced reports whether somebody accepted that requests in flight are lost.
func (h *History) forced() bool {
	if h.State.Plan.Drain.OnTimeout == release.DrainForce {
		return true
	}
	for _, e := range h.Entries {
		if r, ok := e.Event.(release.Requested); ok && r.Verb == release.VerbNext {
			return true
		}
	}
	return false
}

// stride varies the time between two looks, from a moment to hours.
func stride(k int) time.Duration {
	return []time.Duration{200 * time.Millisecond, time.Second, 5 * time.Second, time.Minute, 2 * time.Second, 30 * time.Minute}[k%6]
}

// Stride is the time a history lets pass before its tick number k.
func (h *History) Stride(k int) time.Duration {
	if h.World.Faults&TimeJumps != 0 {
		return stride(k)
	}
	return []time.Duration{time.Second, 3 * time.Second, 20 * time.Second}[k%3]
}
