// Package traffictest says what a front end must do, whichever it is: the
// embedded data plane, nginx and HAProxy pass the same suite.
package traffictest

import (
	"errors"
	"reflect"
	"testing"

	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/traffic"
)

// App is the app that the suite routes.
const App = "shop"

// Stage is a front end that runs and serves nobody yet.
type Stage struct {
	Member traffic.Member
	// Front is the front of App.
	Front release.Front
	// Kill ends what is asked about the front, by kill -9, and Revive starts
	// it again as its owner would.
	Kill, Revive func()
	// Resumes says that it serves the same route after Revive without an order.
	Resumes bool
	// Spoil, if set, makes the front refuse every new route until the function
	// it returns is called.
	Spoil func() (mend func())
	// Books says that every request that has ended is counted, each by itself.
	Books bool
}

// Run puts a front end through the suite, opening one for each test.
func Run(t *testing.T, open func(t *testing.T) *Stage) {
	for _, c := range []struct {
		name string
		play func(*play)
	}{
		{"WhatServesNobodyIsKnownToServeNobody", (*play).nobody},
		{"ARouteIsServedAndObserved", (*play).served},
		{"ObservingChangesNothing", (*play).observing},
		{"RepeatingARouteChangesNothing", (*play).repeated},
		{"AControllerThatWasReplacedIsRefused", (*play).fenced},
		{"UsersAreSharedOutAsOrderedAndKeepTheirSide", (*play).weights},
		{"RaisingAWeightMovesNobodyBack", (*play).raised},
		{"NothingReachesTheOldSideAfterASwitchHasReturned", (*play).switched},
		{"WhatIsInFlightOnTheOldSideIsSeenUntilItEnds", (*play).drained},
		{"RequestsAreCountedOnTheirSide", (*play).counted},
		{"WhatWasKilledIsNotKnownAndTrueAgainAfterwards", (*play).killed},
		{"ARefusedRouteLeavesTheOneBefore", (*play).refused},
		{"ARouteThatCannotBeServedIsRefused", (*play).impossible},
		{"ASideLosesAnInstanceAndGetsAnother", (*play).exchanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.play(&play{T: t, Stage: open(t)})
		})
	}
}

// play is one test of the suite.
type play struct {
	*testing.T
	*Stage
}

// to is a route that gives green a share.
func (p *play) to(green release.Weight, blueAt, greenAt *instance) release.Route {
	r := release.Route{Front: p.Front, Salt: "r1"}
	r.Sides.Blue = release.SideRoute{Weight: release.All - green, Endpoints: []release.Endpoint{blueAt.at}}
	r.Sides.Green = release.SideRoute{Weight: green, Endpoints: []release.Endpoint{greenAt.at}}
	return r
}

func (p *play) route(fence uint64, r release.Route) error {
	return p.Member.Route(p.Context(), release.RouteOrder{Stamp: release.Stamp{App: App, Key: "r1/1", Fence: fence}, Route: r})
}

func (p *play) mustRoute(r release.Route) {
	p.Helper()
	if err := p.route(1, r); err != nil {
		p.Fatal(err)
	}
}

func (p *play) observe() release.Traffic {
	p.Helper()
	t, err := p.Member.Observe(p.Context(), App)
	if err != nil {
		p.Fatal(err)
	}
	return t
}

// shows reports whether the front shows a route.
func shows(t release.Traffic, r release.Route) bool {
	same := func(s release.SideTraffic, r release.SideRoute) bool {
		return s.Weight == r.Weight && len(s.Endpoints) == len(r.Endpoints) && (len(r.Endpoints) == 0 || reflect.DeepEqual(s.Endpoints, r.Endpoints))
	}
	return t.Known && t.Served && t.Salt == r.Salt && t.Private == r.Private && same(t.Sides.Blue, r.Sides.Blue) && same(t.Sides.Green, r.Sides.Green)
}

func (p *play) nobody() {
	if t := p.observe(); !t.Known || t.Served {
		p.Errorf("observed %+v", t)
	}
}

func (p *play) served() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	for _, weight := range []release.Weight{release.None, 2500, release.All} {
		r := p.to(weight, blue, green)
		p.mustRoute(r)
		if t := p.observe(); !shows(t, r) || t.Epoch == "" {
			p.Errorf("after a route to %s: %+v", weight, t)
		}
	}
	if got := p.ask("u"); got != "green" {
		p.Errorf("%q answered", got)
	}
	first := p.observe().Generation
	p.mustRoute(p.to(release.None, blue, green))
	if again := p.observe().Generation; again <= first {
		p.Errorf("generation %d came after %d", again, first)
	}
}

func (p *play) observing() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	p.mustRoute(p.to(2500, blue, green))
	first := p.observe()
	for range 5 {
		if now := p.observe(); now.Generation != first.Generation || now.Epoch != first.Epoch || !shows(now, p.to(2500, blue, green)) {
			p.Errorf("observed %+v and then %+v", first, now)
		}
	}
}

func (p *play) repeated() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	p.mustRoute(p.to(5000, blue, green))
	first := p.observe()
	p.mustRoute(p.to(5000, blue, green))
	if now := p.observe(); now.Generation != first.Generation || now.Epoch != first.Epoch {
		p.Errorf("generation %d, epoch %s became %d, %s", first.Generation, first.Epoch, now.Generation, now.Epoch)
	}
}

func (p *play) fenced() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	p.mustRoute(p.to(release.None, blue, green))
	// The same route by a newer controller is on record, too.
	for _, weight := range []release.Weight{release.None, release.All} {
		if err := p.route(uint64(2+weight), p.to(weight, blue, green)); err != nil {
			p.Fatal(err)
		}
		for _, old := range []release.Weight{release.None, release.All} {
			if err := p.route(1, p.to(old, blue, green)); !errors.Is(err, release.ErrFenced) {
				p.Errorf("the old controller's route to %s got %v", old, err)
			}
		}
	}
	if got := p.ask("u"); got != "green" {
		p.Errorf("%q answered", got)
	}
	p.Kill()
	p.Revive()
	if err := p.route(1, p.to(release.None, blue, green)); !errors.Is(err, release.ErrFenced) {
		p.Errorf("after a restart, the old controller got %v", err)
	}
}

func (p *play) killed() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	r := p.to(release.None, blue, green)
	p.mustRoute(r)
	p.Kill()
	if t, err := p.Member.Observe(p.Context(), App); err == nil || t.Known {
		p.Errorf("of a front that was killed it is known: %+v", t)
	}
	if err := p.route(1, p.to(release.All, blue, green)); err == nil {
		p.Error("a front that was killed took a route")
	}
	p.Revive()
	testkit.Await(p, "the front to be known again", func() bool {
		_, err := p.Member.Observe(p.Context(), App)
		return err == nil
	})
	if t := p.observe(); p.Resumes && !shows(t, r) {
		p.Errorf("after a restart: %+v", t)
	}
	p.mustRoute(r)
	if t := p.observe(); !shows(t, r) || p.ask("u") != "blue" {
		p.Errorf("after the route was ordered again: %+v", t)
	}
}

func (p *play) refused() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	r := p.to(release.None, blue, green)
	p.mustRoute(r)
	if p.Spoil == nil {
		r.Sides.Blue.Weight = 1
		if err := p.route(1, r); err == nil {
			p.Error("weights that do not add up were taken")
		}
		r.Sides.Blue.Weight = release.All
	} else {
		mend := p.Spoil()
		if err := p.route(1, p.to(release.All, blue, green)); err == nil {
			p.Error("a front that refuses took a route")
		}
		mend()
	}
	if t := p.observe(); !shows(t, r) || p.ask("u") != "blue" {
		p.Errorf("after a refusal: %+v", t)
	}
	p.mustRoute(p.to(release.All, blue, green))
	if got := p.ask("u"); got != "green" {
		p.Errorf("%q answered after the cure", got)
	}
}

func (p *play) impossible() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	bad := p.to(2500, blue, green)
	bad.Sides.Green.Weight = 1
	if err := p.route(1, bad); err == nil {
		p.Errorf("%+v was taken", bad.Sides)
	}
	if t := p.observe(); t.Served {
		p.Errorf("observed %+v", t)
	}
}

func (p *play) exchanged() {
	first, second, third := newInstance(p.T, release.Blue), newInstance(p.T, release.Blue), newInstance(p.T, release.Blue)
	for _, side := range [][]*instance{{first}, {first, second}, {second}, {third, second}, {second, third}} {
		r := release.Route{Front: p.Front, Salt: "r1"}
		r.Sides.Blue.Weight = release.All
		want := map[string]bool{}
		for _, i := range side {
			r.Sides.Blue.Endpoints = append(r.Sides.Blue.Endpoints, i.at)
			want[i.at.ID] = true
		}
		p.mustRoute(r)
		if t := p.observe(); !shows(t, r) {
			p.Errorf("of %v: %+v", r.Sides.Blue, t)
		}
		got := map[string]bool{}
		testkit.Await(p, "an answer of each", func() bool {
			got[p.askWho("u")] = true
			return len(got) >= len(want)
		})
		if !reflect.DeepEqual(got, want) {
			p.Errorf("%v answered, want %v", got, want)
		}
	}
}
