package docker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/platform/docker"
	"cutover/internal/platform/platformtest"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/testkit/dockerd"
)

// mortal is the daemon that is killed. Containers outlive it, as those who
// cannot do without them set it up.
var mortal = dockerd.Server{Settings: []string{"--live-restore"}}

// controllerRole gives one order, unless it is killed before.
func controllerRole(ctx context.Context) error {
	p, err := docker.New(docker.Options{StateDir: os.Getenv("TEST_STATE")})
	if err != nil {
		return err
	}
	var orders struct {
		Start release.StartOrder
		Stop  release.StopOrder
	}
	if err := json.Unmarshal([]byte(os.Getenv("TEST_ORDERS")), &orders); err != nil {
		return err
	}
	if orders.Start.Count > 0 {
		return p.Start(ctx, orders.Start)
	}
	return p.Stop(ctx, orders.Stop)
}

// act is the stage on which a daemon or a controller is killed.
type act struct {
	t     *testing.T
	relay *relay
	state string
	app   string
	image string
	fence uint64
}

func newAct(t *testing.T, relay *relay, image, app string) *act {
	t.Helper()
	return &act{t: t, relay: relay, image: image, app: app, state: filepath.Join(t.TempDir(), "state")}
}

// stamp is the one of a controller that is newer than those before.
func (a *act) stamp() release.Stamp {
	a.fence++
	return release.Stamp{App: a.app, Key: fmt.Sprintf("r/%d", a.fence), Fence: a.fence}
}

func (a *act) start(side release.Side, count int) release.StartOrder {
	return release.StartOrder{
		Stamp: a.stamp(), Side: side, Version: "1.0", Digest: strings.Repeat("d", 64), Count: count,
		Artefact: release.Artefact{
			Command:   []string{platformtest.ProgramName},
			Env:       []release.EnvVar{{Name: "LISTEN_HOST", Value: "0.0.0.0"}},
			Health:    release.Health{Path: "/health", Every: time.Millisecond, Timeout: time.Minute, Failures: 3},
			Stop:      release.Stop{Signal: "TERM", Grace: time.Minute},
			Container: &release.Container{Socket: a.relay.socket(), Image: "shop:1.0", Pinned: a.image, Port: 8080, Direct: true},
		},
	}
}

func (a *act) platform() *docker.Platform {
	a.t.Helper()
	p, err := docker.New(docker.Options{StateDir: a.state})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = p.Close() })
	return p
}

// instances are those of a side that serve, as another controller sees them.
func (a *act) instances(p *docker.Platform, side release.Side) []release.Instance {
	a.t.Helper()
	list, err := p.Observe(a.t.Context(), a.app)
	if err != nil {
		a.t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(in release.Instance) bool { return in.Side != side || !in.Serves() })
}

// containers are the names of the app's.
func (a *act) containers() []string {
	a.t.Helper()
	return slices.DeleteFunc(mortal.Containers(a.t), func(name string) bool { return !strings.Contains(name, "-"+a.app+"-") })
}

// clear stops everything.
func (a *act) clear(p *docker.Platform) {
	a.t.Helper()
	list, err := p.Observe(a.t.Context(), a.app)
	if err != nil {
		a.t.Fatal(err)
	}
	order := release.StopOrder{Stamp: a.stamp()}
	for _, in := range list {
		order.Instances = append(order.Instances, in.ID)
	}
	if err := p.Stop(a.t.Context(), order); err != nil {
		a.t.Fatal(err)
	}
	if left := a.containers(); len(left) > 0 {
		a.t.Errorf("after everything was stopped there are %v", left)
	}
}

// struck plays an order with a daemon or its controller killed at a moment.
func (a *act) struck(at moment, daemonToo bool, order any) {
	a.t.Helper()
	kind := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", order), "release."), "Order")
	text, err := json.Marshal(map[string]any{kind: order})
	if err != nil {
		a.t.Fatal(err)
	}
	var controller *testkit.Process
	started := make(chan struct{})
	a.relay.open(at, func() {
		<-started
		if daemonToo {
			mortal.Kill()
		} else {
			controller.Kill()
		}
	})
	controller = testkit.Start(a.t, "controller", "TEST_STATE="+a.state, "TEST_ORDERS="+string(text), "GORACE=atexit_sleep_ms=0")
	close(started)
	code := controller.ExitCode()
	select {
	case <-a.relay.struck:
	case <-time.After(time.Minute):
		a.t.Fatalf("the controller ended with %d before it came to %+v: %s", code, at, controller.Output())
	}
	a.relay.close()
	switch {
	case !daemonToo && code != -1:
		a.t.Errorf("the controller was not killed, it ended with %d: %s", code, controller.Output())
	case daemonToo && (code != 1 || !strings.Contains(controller.Output(), "Docker daemon")):
		a.t.Errorf("without its daemon the controller ended with %d: %s", code, controller.Output())
	}
	if daemonToo {
		if list, err := a.platform().Observe(a.t.Context(), a.app); err == nil {
			a.t.Errorf("of a daemon that was killed it is known: %+v", list)
		}
		mortal.Run(a.t)
	}
	a.relay.open(moment{}, nil)
}

// users ask an instance all the time.
func users(t *testing.T, addr string) (leave func()) {
	stop, lost, sent := make(chan struct{}), 0, 0
	var all sync.WaitGroup
	all.Go(func() {
		client := &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			res, err := client.Get("http://" + addr + "/health")
			sent++
			if err != nil || res.StatusCode != http.StatusOK {
				lost++
				continue
			}
			res.Body.Close()
		}
	})
	return func() {
		close(stop)
		all.Wait()
		if lost > 0 || sent == 0 {
			t.Errorf("%d of %d requests were lost", lost, sent)
		}
	}
}

func TestContainersOutliveTheirDaemonAndOrdersAreCarriedThrough(t *testing.T) {
	t.Parallel()
	image := mortal.Image(t, "shop:1.0", "cutover/internal/platform/platformtest/app", "1.0")
	relay := between(t, mortal.Socket(t))
	for i, c := range []struct {
		at     moment
		daemon bool
	}{
		{moment{http.MethodPost, "/containers/create", 2, true}, true},
		{moment{http.MethodPost, "/start", 2, false}, true},
		{moment{http.MethodPost, "/start", 2, true}, false},
	} {
		a := newAct(t, relay, image, fmt.Sprintf("starting%d", i))
		relay.open(moment{}, nil)
		p := a.platform()
		if err := p.Start(t.Context(), a.start(release.Blue, 1)); err != nil {
			t.Fatal(err)
		}
		testkit.Await(t, "an instance that serves", func() bool { return len(a.instances(p, release.Blue)) == 1 })
		blue := a.instances(p, release.Blue)[0]
		leave := users(t, blue.Addr)
		relay.close()

		a.struck(c.at, c.daemon, a.start(release.Green, 2))
		next := a.platform()
		testkit.Await(t, "what was ordered", func() bool {
			if err := next.Start(t.Context(), a.start(release.Green, 2)); err != nil {
				t.Fatal(err)
			}
			return len(a.instances(next, release.Green)) == 2
		})
		if names := a.containers(); len(names) != 3 {
			t.Errorf("%+v: there are %v", c, names)
		}
		if now := a.instances(next, release.Blue); len(now) != 1 || now[0].ID != blue.ID || now[0].Addr != blue.Addr || now[0].Restarts != 0 {
			t.Errorf("%+v: %+v became %+v", c, blue, now)
		}
		leave()
		a.clear(next)
		relay.close()
	}
}

func TestAStopThatLosesItsDaemonOrItsControllerIsCarriedThroughAndTouchesNobodyElse(t *testing.T) {
	image := mortal.Image(t, "shop:1.0", "cutover/internal/platform/platformtest/app", "1.0")
	relay := between(t, mortal.Socket(t))
	for i, c := range []struct {
		at     moment
		daemon bool
	}{
		{moment{http.MethodPost, "/kill", 1, true}, true},
		{moment{http.MethodDelete, "/containers/", 1, false}, true},
		{moment{http.MethodPost, "/kill", 1, true}, false},
	} {
		a := newAct(t, relay, image, fmt.Sprintf("stopping%d", i))
		relay.open(moment{}, nil)
		p := a.platform()
		if err := p.Start(t.Context(), a.start(release.Blue, 2)); err != nil {
			t.Fatal(err)
		}
		testkit.Await(t, "instances that serve", func() bool { return len(a.instances(p, release.Blue)) == 2 })
		stays, goes := a.instances(p, release.Blue)[0], a.instances(p, release.Blue)[1]
		leave := users(t, stays.Addr)
		relay.close()

		stop := release.StopOrder{Stamp: a.stamp(), Instances: []string{goes.ID}}
		a.struck(c.at, c.daemon, stop)
		next := a.platform()
		stop.Stamp = a.stamp()
		if err := next.Stop(t.Context(), stop); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if now := a.instances(next, release.Blue); len(now) != 1 || now[0].ID != stays.ID || now[0].Restarts != 0 || len(a.containers()) != 1 {
			t.Errorf("%+v: left are %+v, %v", c, now, a.containers())
		}
		leave()
		a.clear(next)
		relay.close()
	}
}
