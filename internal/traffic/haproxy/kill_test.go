package haproxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"cutover/internal/release"
	"cutover/internal/testkit"
	server "cutover/internal/testkit/haproxy"
	"cutover/internal/traffic/haproxy"
	"cutover/internal/traffic/traffictest"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"controller": controllerRole})
}

// controllerRole carries out one order, unless it is killed before.
func controllerRole(ctx context.Context) error {
	var order release.RouteOrder
	if err := json.Unmarshal([]byte(os.Getenv("TEST_ORDER")), &order); err != nil {
		return err
	}
	r := &haproxy.Router{Front: func(string) release.Front { return order.Route.Front }}
	return r.Route(ctx, order)
}

// scene is an HAProxy with visitors, between two routes of which each opens
// servers, moves the shares and closes servers.
type scene struct {
	t      *testing.T
	server *server.Server
	relay  *relay
	front  release.Front
	router *haproxy.Router
	// here is served at first, there is ordered; late belongs to neither.
	here, there release.Route
	fence       uint64
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, server: server.Start(t), fence: 1}
	s.relay = between(t, s.server.Socket)
	s.front, s.router = open(s.server)
	s.here, s.there = release.Route{Front: s.front, Salt: "r1"}, release.Route{Front: s.front, Salt: "r2"}
	at := func(side release.Side) release.Endpoint { return traffictest.Endpoint(t, side) }
	b1, b2, g1 := at(release.Blue), at(release.Blue), at(release.Green)
	s.here.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{b1, b2}}
	s.there.Sides.Blue = release.SideRoute{Endpoints: []release.Endpoint{b1}}
	s.there.Sides.Green = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{g1}}
	s.must(s.here)
	return s
}

// order is the next one, by a newer controller than the last one's.
func (s *scene) order(to release.Route) release.RouteOrder {
	s.fence++
	return release.RouteOrder{Stamp: release.Stamp{App: traffictest.App, Key: "r1/1", Fence: s.fence}, Route: to}
}

func (s *scene) must(to release.Route) {
	s.t.Helper()
	if err := s.router.Route(s.t.Context(), s.order(to)); err != nil {
		s.t.Fatal(err)
	}
	if !s.serves(to) {
		s.t.Fatalf("after the route was ordered it serves %+v", s.observe().Sides)
	}
}

func (s *scene) observe() release.Traffic {
	s.t.Helper()
	now, err := s.router.Observe(s.t.Context(), traffictest.App)
	if err != nil {
		s.t.Fatal(err)
	}
	return now
}

// serves reports whether HAProxy does what a route says.
func (s *scene) serves(r release.Route) bool {
	s.t.Helper()
	now := s.observe()
	for _, side := range []release.Side{release.Blue, release.Green} {
		have, want := now.Sides.Of(side), r.Sides.Of(side)
		if have.Weight != want.Weight || !slices.Equal(have.Endpoints, want.Endpoints) {
			return false
		}
	}
	return now.Salt == r.Salt
}

// whole demands that both files are as somebody has written them, to the end.
func (s *scene) whole(when string) {
	s.t.Helper()
	for _, path := range []string{s.server.Map, s.server.State} {
		text, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			n := len(strings.Fields(line))
			if !strings.HasSuffix(line, "\n") || path == s.server.Map && n != 2 && line[0] != '#' || path == s.server.State && n < 20 && n > 1 {
				s.t.Errorf("%s: %s has the line %q", when, path, line)
			}
		}
		if path == s.server.State && (!strings.Contains(string(text), "shop_blue") || !strings.Contains(string(text), "shop_green")) {
			s.t.Errorf("%s: %s has not both backends:\n%s", when, path, text)
		}
	}
}

// everywhere plays act with a strike before every second change that an order
// makes, beginning with a given one, until an order has no more of them. It
// demands that there were as many as such an order has.
func (s *scene) everywhere(from int, act func(place int, when string)) {
	s.t.Helper()
	for place := from; ; place += 2 {
		act(place, fmt.Sprintf("before change %d", place))
		if !s.relay.struck() {
			if place <= leastChanges {
				s.t.Errorf("an order had less than %d changes", place)
			}
			return
		}
		s.must(s.here)
	}
}

// byWay is a route whose commands go by the relay.
func (s *scene) byWay(r release.Route) release.Route {
	r.Front.HAProxy.Socket = s.relay.Path
	return r
}

// leastChanges is how many changes an order between the two routes makes at
// least.
const leastChanges = 8

func TestAControllerKilledBetweenAnyTwoCommandsLosesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	visitors := traffictest.Visit(t, s.server.Listen)
	s.everywhere(1, func(place int, when string) {
		text, err := json.Marshal(s.order(s.byWay(s.there)))
		if err != nil {
			t.Fatal(err)
		}
		var controller *testkit.Process
		started := make(chan struct{})
		s.relay.arm(place, func() bool {
			<-started
			controller.Kill()
			return false
		})
		controller = testkit.Start(t, "controller", "TEST_ORDER="+string(text), "GORACE=atexit_sleep_ms=0")
		close(started)
		if code := controller.ExitCode(); s.relay.struck() != (code == -1) || code > 0 {
			t.Errorf("%s the controller ended with %d: %s", when, code, controller.Output())
		}
		s.whole(when)
		s.observe() // it is known what is served, whatever it is
		s.must(s.there)
	})
	visitors.Leave()
}

func TestHAProxyKilledInTheMiddleOfAnOrderServesAWholeRouteAfterwards(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.everywhere(2, func(place int, when string) {
		s.relay.arm(place, func() bool { s.server.Kill(); return true })
		err := s.router.Route(t.Context(), s.order(s.byWay(s.there)))
		if !s.relay.struck() {
			return
		}
		if err == nil || !strings.Contains(err.Error(), "HAProxy") {
			t.Errorf("%s: %v", when, err)
		}
		if _, err := s.router.Observe(t.Context(), traffictest.App); err == nil {
			t.Errorf("%s: of an HAProxy that was killed something is known", when)
		}
		s.whole(when)
		s.server.Run()
		if got := body(t, "http://"+s.server.Listen+"/"); got != "blue" && got != "green" {
			t.Errorf("%s: after its start, before any order, users get %q", when, got)
		}
		s.must(s.there)
	})
}

func TestAReloadInTheMiddleOfAnOrderCostsNobodyAnAnswer(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	visitors := traffictest.Visit(t, s.server.Listen)
	s.everywhere(1, func(place int, when string) {
		s.relay.arm(place, func() bool { s.server.Reload(); return true })
		err := s.router.Route(t.Context(), s.order(s.byWay(s.there)))
		if err == nil && !s.serves(s.there) {
			t.Errorf("%s: it is said to be served, and served is %+v", when, s.observe().Sides)
		}
		s.whole(when)
		s.must(s.there)
	})
	visitors.Leave()
}

func TestAServerThatIsOpenAndBelongsToNobodyIsSeenAndClosed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	before, err := os.ReadFile(s.server.State)
	if err != nil {
		t.Fatal(err)
	}
	r := s.here
	r.Sides.Blue.Endpoints = s.here.Sides.Blue.Endpoints[:1]
	s.must(r)
	// As if HAProxy had been killed when the map was written and the state of
	// the servers was not yet.
	s.server.Kill()
	if err := os.WriteFile(s.server.State, before, 0o600); err != nil {
		t.Fatal(err)
	}
	s.server.Run()
	if now := s.observe().Sides.Blue; !slices.Equal(now.Endpoints, s.here.Sides.Blue.Endpoints) {
		t.Errorf("both servers get requests, and it says %+v", now.Endpoints)
	}
	s.must(r)
	for range 8 {
		res, err := http.Get("http://" + s.server.Listen + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if got := res.Header.Get("X-Instance"); got != r.Sides.Blue.Endpoints[0].ID {
			t.Errorf("%s answered", got)
		}
	}
}
