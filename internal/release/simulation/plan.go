package simulation

import (
	"time"

	"cutover/internal/release"
)

// Shape is what varies between the plans of simulated releases.
type Shape struct {
	Strategy release.Strategy
	Replicas int
	First    bool
	Schema   bool
	Checks   bool
	// Force lets a drain that takes too long lose what is left.
	Force bool
	// Wait lets a drain take as long as it takes; it wins over Force.
	Wait bool
	// PauseOnFailure asks for a pause instead of a rollback.
	PauseOnFailure bool
	NoStandby      bool
	Adaptive       bool
	Holdback       bool
	// Shadow tries the new version on copies of requests first.
	Shadow bool
	Window bool
	// Companions adds a worker, a singleton, one that takes no part, one that
	// goes and one that is new.
	Companions bool
	// Cache adds a namespace that is kept, one that is bumped, one that is new
	// and one that goes.
	Cache bool
	// Pooler has a PgBouncer before the database.
	Pooler bool
}

// Plan returns a plan of that shape, with short but realistic times.
func (sh Shape) Plan() release.Plan {
	p := release.Plan{
		Release: "r1", App: "shop", Author: "tester", Strategy: sh.Strategy, Replicas: sh.Replicas,
		From:        release.Target{Version: "v1", Side: release.Green, Digest: "d1"},
		To:          release.Target{Version: "v2", Side: release.Blue, Digest: "d2"},
		Front:       release.Front{Listen: "127.0.0.1:80", Path: "/", StreamGrace: 20 * time.Second, StreamSpread: 5 * time.Second},
		ReadyWithin: 30 * time.Second, Settle: 2 * time.Second,
		Soak:    release.Hold{AtLeast: 10 * time.Second, AtLeastRequests: 50, AtMost: time.Hour},
		Standby: time.Hour,
		Drain:   release.Drain{Wait: 30 * time.Second, OnTimeout: release.DrainPause},
		Guard:   release.Guard{MinRequests: 50, Margin: 0.01, MaxRestarts: 2, OnFailure: release.Rollback},
		Rolling: release.Rolling{Parallelism: 2, Delay: time.Second, Monitor: 3 * time.Second, OnFailure: release.Rollback},
		Tries:   release.Tries{Most: 5, Pause: 500 * time.Millisecond, MaxPause: 10 * time.Second},
	}
	hold := release.Hold{AtLeast: 5 * time.Second, AtLeastRequests: 50, AtMost: 10 * time.Minute}
	switch sh.Strategy {
	case release.Canary:
		p.Steps = []release.Step{{Weight: release.Percent(10), Hold: hold}, {Weight: release.Percent(50), Hold: hold}, {Weight: release.All, Hold: hold}}
	case release.BlueGreen:
		p.Steps = []release.Step{{Weight: release.All}}
	}
	shadow := release.Step{Hold: release.Hold{AtLeast: 5 * time.Second, AtMost: 10 * time.Minute},
		Shadow: &release.Shadow{Share: release.Percent(10), Samples: 40, Tolerance: 0.001}}
	switch {
	case sh.Strategy == release.ShadowOnly:
		p.Steps = []release.Step{shadow}
	case sh.Shadow && (sh.Strategy == release.Canary || sh.Strategy == release.BlueGreen):
		p.Steps = append([]release.Step{shadow}, p.Steps...)
	}
	if sh.First && sh.Strategy != release.Restore {
		p.From = release.Target{Side: release.Green}
	}
	if sh.Strategy == release.Restore {
		p.Restore, p.Backup = "shop-1", release.Backup{Before: release.Restoring}
	}
	if sh.Schema && sh.Strategy != release.Restore {
		p.Schema = release.Schema{Expand: true, Backfill: true, Contract: true}
		p.Backup = release.Backup{Before: release.Expanding}
		p.Rehearsal = release.Rehearsal{Before: release.Expanding, Allow: release.NeedsCare}
	}
	if sh.Checks {
		p.Checks = []release.Check{{Name: "smoke"}, {Name: "baseline", Load: &release.LoadCheck{Baseline: &release.Baseline{}}}}
		p.WarmUp = &release.LoadCheck{}
	}
	if sh.Force {
		p.Drain.OnTimeout = release.DrainForce
	}
	if sh.Wait {
		p.Drain.OnTimeout = release.DrainWait
	}
	if sh.PauseOnFailure {
		p.Guard.OnFailure, p.Rolling.OnFailure = release.Pause, release.Pause
	}
	if sh.Adaptive {
		p.Pace, p.Soak.AtLeastRequests = release.Adaptive, 0
		for i := range p.Steps {
			p.Steps[i].Hold.AtLeastRequests = 0
		}
	}
	if sh.Holdback {
		p.Holdback = release.Percent(5)
	}
	if sh.NoStandby {
		p.Standby = 0
	}
	if sh.Window {
		p.Gates = []release.Window{{From: 2 * time.Hour, To: 5 * time.Hour}}
	}
	if sh.Companions {
		p.Companions = companions(p)
	}
	if sh.Pooler {
		p.Database.Pooler = pooler()
	}
	if sh.Cache {
		p.Cache = caches(p)
		if sh.Checks {
			p.Cache.Warm = &release.CacheWarm{Share: 0.8, Most: time.Minute}
		}
	}
	return p
}

// companions are one of each kind. Whatever replaces the database stops all.
func companions(p release.Plan) []release.Companion {
	target := func(t release.Target, digest string) release.Target {
		t.Digest += digest
		return t
	}
	gone := release.Target{}
	list := []release.Companion{
		{Name: "beat", Replicas: 1, Overlap: release.Never, From: target(p.From, "beat"), To: target(p.To, "beat")},
		{Name: "fresh", Replicas: 1, Overlap: release.Together, From: gone, To: target(p.To, "fresh")},
		{Name: "leaving", Replicas: 1, Overlap: release.Never, From: target(p.From, "leaving"), To: gone},
		{Name: "worker", Replicas: 2, Overlap: release.Together, From: target(p.From, "worker"), To: target(p.To, "worker")},
	}
	if p.Strategy != release.Restore && !p.First() {
		stays := target(p.From, "stays")
		list = append(list, release.Companion{Name: "stays", Replicas: 1, Overlap: release.Together, From: stays, To: stays})
	}
	if p.First() {
		for i := range list {
			list[i].From = gone
		}
		list = append(list[:2], list[3:]...)
	}
	return list
}
