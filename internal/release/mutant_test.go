package release_test

import (
	"slices"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/release/simulation"

	"pgregory.net/rapid"
)

// A mutant is Decide with one bug planted. Each stands for a mistake somebody
// could make in this package tomorrow.
type mutant struct {
	bug    string
	decide simulation.Decider
}

func mutants() []mutant {
	return []mutant{
		{"reverts after the point of no return", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Contracting && w.Schema.Known {
				return release.Decision{Events: []release.Event{release.Entered{Phase: release.Reverting, Reason: "planted"}}}
			}
			return release.Decide(s, w)
		}},
		{"waits until a clock that was set back comes round again", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			for _, e := range d.Events {
				if n, ok := e.(release.Noticed); ok && n.What == release.SetBack {
					return release.Decision{}
				}
			}
			return d
		}},
		{"sends traffic to instances that are not ready", onActions(func(s release.State, w release.World, a release.Action) release.Action {
			if a.Kind != release.ActRoute {
				return a
			}
			r := *a.Route
			side := r.Sides.Of(s.Plan.To.Side)
			side.Endpoints = nil
			for _, i := range w.Sides.Of(s.Plan.To.Side).List {
				side.Endpoints = append(side.Endpoints, release.Endpoint{ID: i.ID, Addr: i.Addr})
			}
			a.Route = &r
			return a
		})},
		{"forgets standby", onEvents(func(s release.State, e release.Entered) release.Entered {
			if e.Phase == release.Standby {
				e.Phase = release.Retiring
			}
			return e
		})},
		{"promotes on missing data", func(s release.State, w release.World) release.Decision {
			if w.Verdict.Kind == release.Unknown || w.Verdict.Kind == release.NotEnough {
				w.Verdict.Kind = release.Healthy
			}
			s.Plan = withoutEvidence(s.Plan)
			return release.Decide(s, w)
		}},
		{"lets synthetic requests promote unasked", func(s release.State, w release.World) release.Decision {
			if w.Verdict.Kind == release.NotEnough {
				w.Verdict.Kind = release.Healthy
				w.Verdict.Synthetic = &release.SyntheticVerdict{Kind: release.Healthy, StandsIn: true, InHold: 1 << 20}
				s.Plan.Synthetic = &release.Synthetic{Promotes: true}
			}
			return release.Decide(s, w)
		}},
		{"goes on without a signal", func(s release.State, w release.World) release.Decision {
			w.Verdict.Holds = ""
			return release.Decide(s, w)
		}},
		{"begins without knowing how things were", func(s release.State, w release.World) release.Decision {
			w.Unread = ""
			return release.Decide(s, w)
		}},
		{"takes back when both versions fail", func(s release.State, w release.World) release.Decision {
			if w.Verdict.Kind == release.BothFailing {
				w.Verdict.Kind = release.Failing
			}
			return release.Decide(s, w)
		}},
		{"goes on when both versions fail", func(s release.State, w release.World) release.Decision {
			if w.Verdict.Kind == release.BothFailing {
				w.Verdict.Kind = release.Healthy
			}
			return release.Decide(s, w)
		}},
		{"goes on by time where evidence is asked for", func(s release.State, w release.World) release.Decision {
			s.Plan = withoutEvidence(s.Plan)
			return release.Decide(s, w)
		}},
		{"forgets the holdback", func(s release.State, w release.World) release.Decision {
			s.Plan.Holdback = release.None
			return release.Decide(s, w)
		}},
		{"forgets a pause that its controller did not live to end", func(s release.State, w release.World) release.Decision {
			s.PoolHeld = false
			return release.Decide(s, w)
		}},
		{"pauses again before an earlier pause is over", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.PoolHeld && s.Plan.PausesFor(release.ActContract) && s.Phase == release.Contracting && len(d.Events) == 0 {
				d.Actions = append(d.Actions, release.Action{Kind: release.ActContract})
			}
			return d
		}},
		{"stops the old side while it soaks", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.Phase == release.Soaking && len(d.Events) == 0 {
				d.Actions = append(d.Actions, stopAll(s.Plan.From.Side, w))
			}
			return d
		}},
		{"contracts during standby", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.Phase == release.Standby && len(d.Events) == 0 && s.Plan.Schema.Contract {
				d.Actions = append(d.Actions, release.Action{Kind: release.ActContract})
			}
			return d
		}},
		{"stops the new side before its traffic is gone", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.Phase == release.Reverting && len(d.Events) == 0 && len(w.Sides.Of(s.Plan.To.Side).List) > 0 {
				d.Actions = append(d.Actions, stopAll(s.Plan.To.Side, w))
			}
			return d
		}},
		{"leaves the schema expanded after a rollback", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Reverting {
				w.Schema.Expanded = false
			}
			return release.Decide(s, w)
		}},
		{"changes the schema without the backup", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Preflight {
				s.Saved = &release.Saved{}
			}
			return release.Decide(s, w)
		}},
		{"goes on after a destructive rehearsal", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Preflight && s.Halt == nil {
				s.Approved = "planted"
			}
			return release.Decide(s, w)
		}},
		{"goes on after a rehearsal that failed", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Preflight && s.Rehearsed != nil && s.Rehearsed.Impact == release.Unproven {
				s.Rehearsed = &release.Rehearsed{Impact: release.Compatible}
			}
			return release.Decide(s, w)
		}},
		{"starts the old version on the backup's data", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Reverting {
				w.Restore.Exchanged, w.Restore.Known = false, true
			}
			return release.Decide(s, w)
		}},
		{"stops the old version before the backup is restored", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Preflight || s.Phase == release.Restoring {
				w.Restore.Prepared, w.Restore.Known = true, true
			}
			return release.Decide(s, w)
		}},
		{"does not wait for requests in flight", func(s release.State, w release.World) release.Decision {
			for _, side := range []release.Side{release.Blue, release.Green} {
				t := w.Traffic.Sides.Of(side)
				t.Requests, t.Streams, t.Load = 0, 0, nil
			}
			return release.Decide(s, w)
		}},
		{"forces a drain that is to be waited for", func(s release.State, w release.World) release.Decision {
			if s.Plan.Drain.OnTimeout == release.DrainWait {
				s.Plan.Drain.OnTimeout = release.DrainForce
			}
			return release.Decide(s, w)
		}},
		{"starts the new singleton beside the old one", func(s release.State, w release.World) release.Decision {
			return release.Decide(s, withoutCompanions(w, func(i release.Instance) bool {
				return s.Phase == release.Soaking && i.Component == "beat" && i.Version == s.Plan.From.Version
			}))
		}},
		{"starts the old singleton beside the new one", func(s release.State, w release.World) release.Decision {
			return release.Decide(s, withoutCompanions(w, func(i release.Instance) bool {
				return s.Phase == release.Reverting && i.Component == "beat" && i.Version == s.Plan.To.Version
			}))
		}},
		{"leaves new workers behind after a rollback", func(s release.State, w release.World) release.Decision {
			return release.Decide(s, withoutCompanions(w, func(i release.Instance) bool {
				return s.Phase == release.Reverting && i.Component == "worker" && i.Version == s.Plan.To.Version
			}))
		}},
		{"forgets to start the old singleton again", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.Phase == release.Reverting {
				d.Actions = slices.DeleteFunc(d.Actions, func(a release.Action) bool { return a.Kind == release.ActStart && a.Component == "beat" })
			}
			return d
		}},
		{"contracts under old workers", func(s release.State, w release.World) release.Decision {
			return release.Decide(s, withoutCompanions(w, func(i release.Instance) bool {
				return s.NoReturn && i.Version == s.Plan.From.Version
			}))
		}},
		{"stops old workers while the version stands by", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.Phase == release.Standby && len(d.Events) == 0 && len(s.Plan.Companions) > 0 {
				d.Actions = append(d.Actions, release.Action{Kind: release.ActStop, Side: s.Plan.From.Side, Component: "worker", Instances: []string{"any"}})
			}
			return d
		}},
		{"goes on while it is paused", func(s release.State, w release.World) release.Decision {
			s.Halt = nil
			return release.Decide(s, w)
		}},
		{"moves traffic before the checks have passed", func(s release.State, w release.World) release.Decision {
			s.Passed = true
			return release.Decide(s, w)
		}},
		{"lets a shadow have users", onActions(func(s release.State, _ release.World, a release.Action) release.Action {
			if a.Kind == release.ActRoute && a.Route.Mirror != nil {
				r := *a.Route
				r.Sides.Of(s.Plan.To.Side).Weight, r.Sides.Of(s.Plan.From.Side).Weight = release.Percent(1), release.Percent(99)
				a.Route = &r
			}
			return a
		})},
		{"ends a shadow before enough answers were compared", func(s release.State, w release.World) release.Decision {
			if c := w.Traffic.Comparison; c != nil {
				more := *c
				more.Samples += 100
				w.Traffic.Comparison = &more
			}
			return release.Decide(s, w)
		}},
		{"does not look at the differences", func(s release.State, w release.World) release.Decision {
			if c := w.Traffic.Comparison; c != nil {
				blind := *c
				blind.Differences = nil
				w.Traffic.Comparison = &blind
			}
			return release.Decide(s, w)
		}},
		{"goes on copying after the shadow", onActions(func(s release.State, _ release.World, a release.Action) release.Action {
			if sh := s.Plan.Steps; a.Kind == release.ActRoute && len(sh) > 0 && sh[0].Shadow != nil && s.Phase != release.Shifting {
				r := *a.Route
				r.Mirror = &release.Mirror{Side: s.Plan.To.Side, Shadow: *sh[0].Shadow}
				a.Route = &r
			}
			return a
		})},
		{"removes the old generation while the version stands by", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.Phase == release.Standby && len(d.Events) == 0 && s.Plan.Cache.Used() {
				d.Actions = append(d.Actions, release.Action{Kind: release.ActPurgeCache, Prefix: "data:1:"})
			}
			return d
		}},
		{"removes a generation that both versions use", onActions(func(_ release.State, _ release.World, a release.Action) release.Action {
			if a.Kind == release.ActPurgeCache && a.Prefix == "leaving:3:" {
				a.Prefix = "sessions:1:"
			}
			return a
		})},
		{"leaves the bumped generation after a rollback", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Reverting {
				s.Purged = []string{"data:2:", "fresh:1:"}
			}
			return release.Decide(s, w)
		}},
		{"leaves the old generation after it is retired", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Retiring {
				s.Purged = []string{"data:1:", "leaving:3:"}
			}
			return release.Decide(s, w)
		}},
		{"removes the bumped generation under its version", func(s release.State, w release.World) release.Decision {
			d := release.Decide(s, w)
			if s.Phase == release.Reverting && len(d.Events) == 0 && s.Plan.Cache.Used() && len(s.Purged) == 0 {
				d.Actions = append(d.Actions, release.Action{Kind: release.ActPurgeCache, Prefix: "data:2:"})
			}
			return d
		}},
		{"begins without having seen the cache", func(s release.State, w release.World) release.Decision {
			w.Cache.Known = true
			return release.Decide(s, w)
		}},
		{"begins without knowing what the cache holds", func(s release.State, w release.World) release.Decision {
			s.CacheProfile = release.Sealed("{}")
			return release.Decide(s, w)
		}},
		{"never reaches the end of a rollback", func(s release.State, w release.World) release.Decision {
			if s.Phase == release.Reverting && len(w.Sides.Of(s.Plan.To.Side).List) == 0 {
				return release.Decision{}
			}
			return release.Decide(s, w)
		}},
	}
}

// withoutEvidence takes the minimum of requests off every hold.
func withoutEvidence(p release.Plan) release.Plan {
	p.Steps = slices.Clone(p.Steps)
	for i := range p.Steps {
		p.Steps[i].Hold.AtLeastRequests = 0
	}
	p.Soak.AtLeastRequests, p.Pace = 0, release.Fixed
	return p
}

func stopAll(side release.Side, w release.World) release.Action {
	a := release.Action{Kind: release.ActStop, Side: side}
	for _, i := range w.Sides.Of(side).List {
		a.Instances = append(a.Instances, i.ID)
	}
	return a
}

// withoutCompanions returns the world without the companions that are hidden.
func withoutCompanions(w release.World, hidden func(release.Instance) bool) release.World {
	w.Companions.List = slices.DeleteFunc(slices.Clone(w.Companions.List), hidden)
	return w
}

func onActions(change func(release.State, release.World, release.Action) release.Action) simulation.Decider {
	return func(s release.State, w release.World) release.Decision {
		d := release.Decide(s, w)
		for i, a := range d.Actions {
			d.Actions[i] = change(s, w, a)
		}
		return d
	}
}

func onEvents(change func(release.State, release.Entered) release.Entered) simulation.Decider {
	return func(s release.State, w release.World) release.Decision {
		d := release.Decide(s, w)
		for i, e := range d.Events {
			if en, ok := e.(release.Entered); ok {
				d.Events[i] = change(s, en)
			}
		}
		return d
	}
}

func TestEveryPlantedBugIsCaught(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.bug, func(t *testing.T) {
			t.Parallel()
			started, histories := time.Now(), 0
			for seed := range 12000 {
				histories++
				if err := caught(seed, m.decide); err != nil {
					t.Logf("caught after %d histories in %s: %v", histories, time.Since(started).Round(time.Millisecond), err)
					return
				}
			}
			t.Errorf("survived %d histories", histories)
		})
	}
}

// caught plays the history of a seed and returns what it broke.
func caught(seed int, decide simulation.Decider) error {
	return rapid.Custom(func(t *rapid.T) error {
		_, err := play(t, decide)
		return err
	}).Example(seed)
}

func TestTheUnchangedDecideSurvivesTheSameHistories(t *testing.T) {
	t.Parallel()
	for seed := range 500 {
		if err := caught(seed, release.Decide); err != nil {
			t.Fatalf("history %d: %v", seed, err)
		}
	}
}
