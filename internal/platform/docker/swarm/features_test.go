package swarm_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/swarm"
	"cutover/internal/platform/platformtest"
	"cutover/internal/release"
	"cutover/internal/snapshot"
	"cutover/internal/testkit"
)

// order asks for one blue instance of the suite's program.
func (h *house) order(args ...string) release.StartOrder {
	h.t.Helper()
	t := h.t
	a := h.artefact(theImage(t), args...)
	a.Health = release.Health{Path: "/health", Every: time.Millisecond, Timeout: 10 * time.Second, Failures: 3}
	a.Stop = release.Stop{Signal: "TERM", Grace: 15 * time.Second}
	return release.StartOrder{
		Stamp: release.Stamp{App: appOf(t), Key: "test/1", Fence: 1},
		Side:  release.Blue, Version: "1.0", Digest: strings.Repeat("d", 64), Artefact: a, Count: 1,
	}
}

// clears stops everything when the test ends.
func clears(t *testing.T, p *swarm.Platform, stamp release.Stamp) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		list, err := p.Observe(ctx, stamp.App)
		if err != nil {
			t.Errorf("observe at the end: %v", err)
		}
		stop := release.StopOrder{Stamp: stamp}
		for _, in := range list {
			stop.Instances = append(stop.Instances, in.ID)
		}
		if err := p.Stop(ctx, stop); err != nil {
			t.Errorf("stop at the end: %v", err)
		}
	})
}

// runs starts the order and waits until its instance is ready; everything is
// stopped when the test ends.
func runs(t *testing.T, p *swarm.Platform, order release.StartOrder) release.Instance {
	t.Helper()
	clears(t, p, order.Stamp)
	if err := p.Start(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	return awaits(t, p, order.App, "a ready instance", release.Instance.Serves)
}

// awaits waits until the only instance of an app is as it should be.
func awaits(t *testing.T, p *swarm.Platform, app, what string, is func(release.Instance) bool) release.Instance {
	t.Helper()
	var in release.Instance
	testkit.Await(t, what, func() bool {
		list, err := p.Observe(t.Context(), app)
		if err != nil || len(list) != 1 {
			t.Fatalf("observe: %+v, %v; want one instance", list, err)
		}
		in = list[0]
		return is(in)
	})
	return in
}

// described is what the swarm tells of a service.
type described struct {
	ID      string
	Version struct{ Index int }
	Spec    struct {
		Labels       map[string]string
		TaskTemplate struct {
			ContainerSpec struct {
				Image, User, StopSignal string
				StopGracePeriod         int64
			}
			Resources struct {
				Limits struct{ NanoCPUs, MemoryBytes int64 }
			}
		}
		EndpointSpec struct {
			Ports []struct {
				PublishMode               string
				TargetPort, PublishedPort int
			}
		}
	}
}

// describe returns what the swarm tells of the only service of the test's app,
// and the text of it.
func (h *house) describe() (described, string) {
	h.t.Helper()
	list := h.owned("services")
	if len(list) != 1 {
		h.t.Fatalf("there are %d services: %s", len(list), list)
	}
	var d described
	if err := json.Unmarshal(list[0], &d); err != nil {
		h.t.Fatal(err)
	}
	return d, string(list[0])
}

func TestAServiceIsAsItsArtefactSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	kept, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file, err := kept.Save("conf.d/shop.conf", []byte("mode = live\n"))
	if err != nil {
		t.Fatal(err)
	}
	secret, data := filepath.Join(t.TempDir(), "secret"), t.TempDir()
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	network := "net-" + appOf(t)
	docker.Do(t, http.MethodPost, "/networks/create", []byte(`{"Name":"`+network+`","Driver":"overlay"}`))
	order := h.order("-mark", "{{files}}/shop.conf")
	order.Artefact.Files = []release.File{file}
	order.Artefact.Env = append(order.Artefact.Env, release.EnvVar{Name: "PASSWORD", Ref: "file:" + secret}, release.EnvVar{Name: "TEMPLATE", Value: "{{.Node.Hostname}} {{"})
	order.Artefact.Stop.Signal, order.Artefact.Stop.Grace = "INT", 1500*time.Millisecond
	c := order.Artefact.Container
	c.SecretFiles, c.User, c.CPUs, c.Memory, c.Networks = true, "0:0", 0.5, 64<<20, []string{network}
	c.Mounts = []release.Mount{{Source: data, Target: "/data", ReadOnly: true}}
	t.Cleanup(func() {
		// The network is in use for a moment longer than the service is there.
		testkit.Await(t, "the network's end", func() bool { return docker.Try(t, http.MethodDelete, "/networks/"+network) == nil })
	})
	p := h.open(swarm.Options{Snapshots: kept})
	in := runs(t, p, order)

	self := platformtest.WhoAmI(t, in.Addr)
	for name, want := range map[string]string{"TEMPLATE": "{{.Node.Hostname}} {{", "PASSWORD_FILE": "/run/secrets/PASSWORD", "PASSWORD": "", "PORT": "8080"} {
		if got := self.Get(name); got != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	if !slices.Contains(self.Args, "/run/cutover/files/shop.conf") {
		t.Errorf("the arguments are %q", self.Args)
	}
	for path, want := range map[string]string{"/run/secrets/PASSWORD": "hunter2", "/run/cutover/files/conf.d/shop.conf": "mode = live\n"} {
		if got := platformtest.Read(t, in.Addr, path); got != want {
			t.Errorf("%s has %q; want %q", path, got, want)
		}
	}
	d, text := h.describe()
	for _, shown := range append(h.owned("secrets"), json.RawMessage(text)) {
		if strings.Contains(string(shown), "hunter2") {
			t.Errorf("the swarm shows a secret: %s", shown)
		}
	}
	inside := d.Spec.TaskTemplate.ContainerSpec
	if inside.User != "0:0" || inside.StopSignal != "SIGINT" || inside.StopGracePeriod != int64(2*time.Second) || inside.Image != c.Pinned {
		t.Errorf("the container is %+v", inside)
	}
	if l := d.Spec.TaskTemplate.Resources.Limits; l.NanoCPUs != 5e8 || l.MemoryBytes != 64<<20 {
		t.Errorf("its limits are %+v", l)
	}
	if ports := d.Spec.EndpointSpec.Ports; len(ports) != 1 || ports[0].PublishMode != "host" || ports[0].TargetPort != 8080 || ports[0].PublishedPort != 0 {
		t.Errorf("its ports are %+v", ports)
	}
	for label, want := range map[string]string{"app": order.App, "instance": in.ID, "side": "blue", "component": "", "version": "1.0", "order": "test/1", "fence": "1"} {
		if got := d.Spec.Labels["cutover."+label]; got != want {
			t.Errorf("the label %s is %q; want %q", label, got, want)
		}
	}
}

func TestATaskThatWasKilledIsReplacedByAnotherLifeOfTheSameInstance(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	order := h.order()
	before := runs(t, p, order)
	docker.Do(t, http.MethodPost, "/containers/"+h.container()+"/kill?signal=KILL", nil)
	after := awaits(t, p, order.App, "the next task", func(in release.Instance) bool { return in.Restarts == 1 && in.Serves() })
	if after.ID != before.ID || after.Addr == before.Addr || !after.Since.After(before.Since) || !after.ReadySince.After(after.Since) {
		t.Errorf("%+v became %+v", before, after)
	}
	if got := platformtest.WhoAmI(t, after.Addr).Get("CUTOVER_INSTANCE"); got != before.ID {
		t.Errorf("at %s there is %q", after.Addr, got)
	}
}

// container returns the ID of the only container that runs for the test's app.
func (h *house) container() string {
	h.t.Helper()
	var list []struct{ ID string }
	path := `/containers/json?filters={"label":["cutover.app=` + appOf(h.t) + `"]}`
	if err := json.Unmarshal(docker.Do(h.t, http.MethodGet, path, nil), &list); err != nil || len(list) != 1 {
		h.t.Fatalf("containers: %+v, %v; want one", list, err)
	}
	return list[0].ID
}

func TestAServiceThatSomebodyScaledDownIsBroughtBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	order := h.order()
	before := runs(t, p, order)
	h.scale(0)
	awaits(t, p, order.App, "the end of the task", func(in release.Instance) bool { return !in.Alive })
	if err := p.Start(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	after := awaits(t, p, order.App, "the instance", release.Instance.Serves)
	if after.ID != before.ID || after.Restarts != 0 {
		t.Errorf("%+v became %+v", before, after)
	}
}

// scale does to the only service of the test's app what docker service scale
// does.
func (h *house) scale(replicas int) {
	h.t.Helper()
	var whole struct{ Spec map[string]any }
	d, text := h.describe()
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		h.t.Fatal(err)
	}
	whole.Spec["Mode"] = map[string]any{"Replicated": map[string]any{"Replicas": replicas}}
	body, err := json.Marshal(whole.Spec)
	if err != nil {
		h.t.Fatal(err)
	}
	version, err := json.Marshal(d.Version.Index)
	if err != nil {
		h.t.Fatal(err)
	}
	docker.Do(h.t, http.MethodPost, "/services/"+d.ID+"/update?version="+string(version), body)
}

func TestAStopThatWasCutOffIsTakenUpByTheNextController(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	order := h.order("-ignore-term")
	order.Artefact.Stop.Grace = 3 * time.Second
	in := runs(t, p, order)
	stop := release.StopOrder{Stamp: order.Stamp, Instances: []string{in.ID}}
	ctx, cut := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Stop(ctx, stop) }()
	testkit.Await(t, "the word that it is being stopped", func() bool {
		list, err := p.Observe(t.Context(), order.App)
		return err == nil && len(list) == 1 && list[0].Stopping && strings.Contains(list[0].Detail, "being stopped since")
	})
	cut()
	if err := <-ended; err == nil {
		t.Fatal("the stop was not cut off")
	}
	next := h.open(swarm.Options{})
	// It counts no more: another takes its place.
	if err := next.Start(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	list, err := next.Observe(t.Context(), order.App)
	if err != nil || len(list) != 2 || !list[0].Stopping || list[1].Stopping || list[1].ID == in.ID {
		t.Fatalf("observe: %+v, %v; want the one that is being stopped and another", list, err)
	}
	if err := next.Stop(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
	if list, err := next.Observe(t.Context(), order.App); err != nil || len(list) != 1 || list[0].ID == in.ID {
		t.Errorf("observe after the stop: %+v, %v", list, err)
	}
}

func TestWhatACrashLeavesOfAServiceIsRemovedWithTheNextStop(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	order := h.order()
	in := runs(t, p, order)
	d, _ := h.describe()
	labels, err := json.Marshal(map[string]string{"cutover.house": d.Spec.Labels["cutover.house"], "cutover.app": order.App, "cutover.instance": "blue-2"})
	if err != nil {
		t.Fatal(err)
	}
	docker.Do(t, http.MethodPost, "/secrets/create", []byte(`{"Name":"left-`+order.App[:20]+`","Data":"eA==","Labels":`+string(labels)+`}`))
	if err := p.Stop(t.Context(), release.StopOrder{Stamp: order.Stamp, Instances: []string{in.ID}}); err != nil {
		t.Fatal(err)
	}
	if left := h.owned("secrets"); len(left) > 0 {
		t.Errorf("secrets are left: %s", left)
	}
}

func TestACommandInsideTheContainerTellsReadiness(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	order := h.order()
	order.Artefact.Health.Path = ""
	order.Artefact.Health.Command = []string{"/app", platformtest.ProgramName, "-say", "not for {{version}}", "-exit", "3"}
	clears(t, p, order.Stamp)
	if err := p.Start(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	awaits(t, p, order.App, "the word of the probe", func(in release.Instance) bool {
		return !in.Ready && strings.Contains(in.Detail, "/app: exit status 3: not for 1.0")
	})
}

func TestATagThatMovedIsNotRunInThePlaceOfWhatWasPlanned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	image := "moving-" + appOf(t)[:20] + ":latest"
	docker.Image(t, image, "cutover/internal/platform/platformtest/app", "first")
	planned, err := swarm.Resolve(t.Context(), docker.Swarm(t), image)
	if err != nil {
		t.Fatal(err)
	}
	now := docker.Image(t, image, "cutover/internal/platform/platformtest/app", "second")
	order := h.order()
	order.Artefact.Container.Image, order.Artefact.Container.Pinned = image, planned
	if err := p.Startable(t.Context(), order); err != nil {
		t.Errorf("what was planned is still there: %v", err)
	}
	docker.Do(t, http.MethodDelete, "/images/"+planned+"?force=1", nil)
	for what, err := range map[string]error{"startable": p.Startable(t.Context(), order), "start": p.Start(t.Context(), order)} {
		if err == nil || !strings.Contains(err.Error(), "meant "+planned) || !strings.Contains(err.Error(), now) {
			t.Errorf("%s: %v; want an error with both images", what, err)
		}
	}
}

func TestWhatAServiceNeedsIsLookedForBeforeTheRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*release.Artefact){
		"docker network create --driver overlay nowhere": func(a *release.Artefact) { a.Container.Networks = []string{"nowhere"} },
		"one of this machine alone":                      func(a *release.Artefact) { a.Container.Networks = []string{"bridge"} },
		"mount /nowhere/at/all": func(a *release.Artefact) {
			a.Container.Mounts = []release.Mount{{Source: "/nowhere/at/all", Target: "/x"}}
		},
		"no Docker daemon answers":              func(a *release.Artefact) { a.Container.Socket = "unix:///nowhere/docker.sock" },
		"is in no swarm: run docker swarm init": func(a *release.Artefact) { a.Container.Socket = alone.Socket(t) },
		"was not pinned":                        func(a *release.Artefact) { a.Container.Pinned = "" },
		"only its ID is known": func(a *release.Artefact) {
			a.Container.Pinned, a.Container.Image = "sha256:"+strings.Repeat("0", 64), "nowhere:1"
		},
		"PASSWORD: it is empty": func(a *release.Artefact) {
			a.Container.SecretFiles, a.Env = true, []release.EnvVar{{Name: "PASSWORD", Ref: "file:" + empty}}
		},
		"the file big has 600000 bytes": func(a *release.Artefact) { a.Files = []release.File{{Name: "big", Bytes: 600_000}} },
	} {
		order := h.order()
		change(&order.Artefact)
		if err := p.Startable(t.Context(), order); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want an error with %q", err, want)
		}
	}
	if _, err := swarm.Resolve(t.Context(), alone.Socket(t), "shop:1.0"); err == nil || !strings.Contains(err.Error(), "is in no swarm") {
		t.Errorf("resolve without a swarm: %v", err)
	}
	if _, err := daemon.Resolve(t.Context(), alone.Socket(t), "127.0.0.1:9/shop:1.0"); err == nil || strings.Contains(err.Error(), "swarm") {
		t.Errorf("containers need no swarm: %v", err)
	}
}

func TestWhatTheSwarmCannotLaunchIsSaidByStartAndObserve(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	order := h.order()
	order.Artefact.Container.User = "nobody-here"
	clears(t, p, order.Stamp)
	err := p.Start(t.Context(), order)
	if err == nil || !strings.Contains(err.Error(), "nobody-here") {
		t.Errorf("start as a user who does not exist: %v; want the swarm's own words", err)
	}
	list, observed := p.Observe(t.Context(), order.App)
	if observed != nil || len(list) != 1 || list[0].Alive || !strings.Contains(list[0].Detail, "nobody-here") {
		t.Errorf("observe: %+v, %v; want the reason", list, observed)
	}
}
