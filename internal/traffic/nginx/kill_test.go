package nginx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit"
	server "cutover/internal/testkit/nginx"
	"cutover/internal/traffic/nginx"
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
	r := &nginx.Router{Front: func(string) release.Front { return order.Route.Front }}
	defer r.Close()
	return r.Route(ctx, order)
}

// scene is an nginx that serves blue and is ordered to serve green.
type scene struct {
	t           *testing.T
	server      *server.Server
	router      *nginx.Router
	here, there release.Route
	fence       uint64
	// file is cutover's file as it was when blue was served.
	file []byte
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, server: server.Start(t)}
	front, r := open(t, s.server)
	s.router = r
	s.here, s.there = release.Route{Front: front, Salt: "r1"}, release.Route{Front: front, Salt: "r1"}
	blue, green := traffictest.Endpoint(t, release.Blue), traffictest.Endpoint(t, release.Green)
	for _, r := range []*release.Route{&s.here, &s.there} {
		r.Sides.Blue.Endpoints, r.Sides.Green.Endpoints = []release.Endpoint{blue}, []release.Endpoint{green}
	}
	s.here.Sides.Blue.Weight, s.there.Sides.Green.Weight = release.All, release.All
	s.must(s.here)
	s.file = content(t, s.server.File)
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
	s.awaits(to)
}

// awaits returns when it is seen that a route is served.
func (s *scene) awaits(to release.Route) {
	s.t.Helper()
	testkit.Await(s.t, "the route to be served", func() bool { return s.serves(to) })
}

func (s *scene) serves(to release.Route) bool {
	now, err := s.router.Observe(s.t.Context(), traffictest.App)
	return err == nil && now.Sides.Green.Weight == to.Sides.Green.Weight && now.Sides.Blue.Weight == to.Sides.Blue.Weight
}

// when has nginx's own test, which comes between the file and the reload,
// do something first. It returns the route by way of that.
func (s *scene) when(do string) release.Route {
	s.t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	path := filepath.Join(s.server.Dir, "nginx.sh")
	text := fmt.Sprintf("#!/bin/sh\nmaster=%d\ncase \" $* \" in *\" -t \"*) %s;; esac\nexec %s \"$@\"\n", s.server.Master(), do, program)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		s.t.Fatal(err)
	}
	r := s.there
	r.Front.Nginx.Binary = path
	return r
}

// restored demands that the file of before is in place, to the byte.
func (s *scene) restored() {
	s.t.Helper()
	if have := content(s.t, s.server.File); !bytes.Equal(have, s.file) {
		s.t.Errorf("the file is not the one of before:\n%.200s", have)
	}
}

// whole demands that nginx takes its configuration as it is now.
func (s *scene) whole() {
	s.t.Helper()
	if err := nginx.Check(s.t.Context(), traffictest.App, s.here.Front); err != nil {
		s.t.Error(err)
	}
}

// revive starts nginx as its owner would.
func (s *scene) revive() {
	s.t.Helper()
	s.server.Kill()
	s.server.Run()
}

// told waits until the master process has an order to reload that it has not
// looked at.
func (s *scene) told(master int) {
	s.t.Helper()
	testkit.Await(s.t, "the order to reload", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", master))
		if err != nil {
			s.t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\nShdPnd:")
		mask, _, _ := strings.Cut(rest, "\n")
		var pending uint64
		if _, err := fmt.Sscanf(strings.TrimSpace(mask), "%x", &pending); err != nil {
			s.t.Fatal(err)
		}
		return pending&(1<<(syscall.SIGHUP-1)) != 0
	})
}

const (
	killMaster = `kill -9 $master; while kill -0 $master 2>/dev/null; do sleep 0.01; done`
	killParent = `kill -9 $PPID; exit 1`
	stopMaster = `kill -STOP $master`
)

func TestNginxKilledBetweenTheFileAndTheReloadGetsItsOldFileBack(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	visitors := traffictest.Visit(t, s.server.Listen) // its workers go on
	err := s.router.Route(t.Context(), s.order(s.when(killMaster)))
	if err == nil || !strings.Contains(err.Error(), "start nginx") {
		t.Errorf("the order ended with %v", err)
	}
	s.restored()
	visitors.Leave()
	s.revive()
	s.awaits(s.here)
	s.whole()
	s.must(s.there)
}

func TestNginxKilledBeforeItHasLookedAtTheOrderToReloadGetsItsOldFileBack(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	visitors := traffictest.Visit(t, s.server.Listen)
	order, master, done := s.order(s.when(stopMaster)), s.server.Master(), make(chan error, 1)
	s.router.Patience = time.Second
	go func() { done <- s.router.Route(t.Context(), order) }()
	s.told(master)
	s.server.KillMaster()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "start nginx") {
		t.Errorf("the order ended with %v", err)
	}
	s.restored()
	visitors.Leave()
	s.revive()
	s.router.Patience = 0
	s.awaits(s.here)
	s.must(s.there)
}

func TestAnOrderIsSeenThroughIfNginxIsStartedAgainMeanwhile(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	order, master, done := s.order(s.when(stopMaster)), s.server.Master(), make(chan error, 1)
	s.router.Patience = 10 * time.Minute
	go func() { done <- s.router.Route(t.Context(), order) }()
	s.told(master)
	s.revive()
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.awaits(s.there)
}

func TestNginxKilledInTheMiddleOfAReloadIsLeftWithAWholeFile(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	visitors := traffictest.Visit(t, s.server.Listen)
	order, master, done := s.order(s.when(stopMaster)), s.server.Master(), make(chan error, 1)
	before := fmt.Sprint(s.server.Workers())
	s.router.Patience = time.Second
	go func() { done <- s.router.Route(t.Context(), order) }()
	s.told(master)
	if err := syscall.Kill(master, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "a worker of the new configuration", func() bool { return fmt.Sprint(s.server.Workers()) != before })
	s.server.KillMaster()
	err := <-done // it may have been proven before
	visitors.Leave()
	s.revive()
	s.router.Patience = 0
	s.whole()
	if err == nil {
		s.awaits(s.there)
	} else {
		testkit.Await(t, "one of the two routes", func() bool { return s.serves(s.here) || s.serves(s.there) })
	}
	s.must(s.there)
}

// controller starts one that carries out an order by way of something.
func (s *scene) controller(by release.Route) *testkit.Process {
	s.t.Helper()
	text, err := json.Marshal(s.order(by))
	if err != nil {
		s.t.Fatal(err)
	}
	return testkit.Start(s.t, "controller", "TEST_ORDER="+string(text), "GORACE=atexit_sleep_ms=0")
}

func TestAControllerKilledBetweenTheFileAndTheReloadIsFollowedByOneThatFinishes(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	visitors := traffictest.Visit(t, s.server.Listen)
	if c := s.controller(s.when(killParent)); c.ExitCode() != -1 {
		t.Fatalf("it was not killed: %s", c.Output())
	}
	if bytes.Equal(content(t, s.server.File), s.file) {
		t.Fatal("it was killed before it had written the file")
	}
	s.whole()
	s.awaits(s.here) // what is served, not what is written
	s.must(s.there)
	s.must(s.here)
	visitors.Leave()

	// The same, and then its owner starts nginx anew: it serves what is written.
	if c := s.controller(s.when(killParent)); c.ExitCode() != -1 {
		t.Fatalf("it was not killed: %s", c.Output())
	}
	s.revive()
	s.awaits(s.there)
	s.must(s.here)
}

func TestAControllerKilledBeforeItsReloadIsProvenIsFollowedByOneThatFinishes(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	visitors := traffictest.Visit(t, s.server.Listen)
	c, master := s.controller(s.when(stopMaster)), s.server.Master()
	s.told(master)
	c.Kill()
	s.awaits(s.here)
	if err := syscall.Kill(master, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.awaits(s.there)
	s.must(s.there)
	s.whole()
	visitors.Leave()
}
