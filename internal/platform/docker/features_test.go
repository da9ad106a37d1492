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
	"testing"
	"time"

	"cutover/internal/platform/docker"
	dockerapi "cutover/internal/platform/docker/daemon"
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

// runs starts the order and waits until its instance is ready; everything is
// stopped when the test ends.
func runs(t *testing.T, p *docker.Platform, order release.StartOrder) release.Instance {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		list, err := p.Observe(ctx, order.App)
		if err != nil {
			t.Errorf("observe at the end: %v", err)
		}
		stop := release.StopOrder{Stamp: order.Stamp}
		for _, in := range list {
			stop.Instances = append(stop.Instances, in.ID)
		}
		if err := p.Stop(ctx, stop); err != nil {
			t.Errorf("stop at the end: %v", err)
		}
	})
	if err := p.Start(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	var in release.Instance
	testkit.Await(t, "a ready instance", func() bool {
		list, err := p.Observe(t.Context(), order.App)
		if err != nil || len(list) != 1 {
			t.Fatalf("observe: %+v, %v; want one instance", list, err)
		}
		in = list[0]
		return in.Serves()
	})
	return in
}

// described is what Docker tells of a container.
type described struct {
	Config struct {
		Env    []string
		Labels map[string]string
		User   string
	}
	HostConfig struct {
		NanoCpus, Memory int64
		RestartPolicy    struct{ Name string }
		PortBindings     map[string][]struct{ HostIP string }
	}
	NetworkSettings struct{ Networks map[string]any }
	Mounts          []struct {
		Source, Destination string
		RW                  bool
	}
}

// describe returns what Docker tells of the only container of an app, and the
// text of it.
func describe(t *testing.T, app string) (described, string) {
	t.Helper()
	for _, name := range daemon.Containers(t) {
		if strings.Contains(name, "-"+app+"-") {
			text := daemon.Do(t, http.MethodGet, "/containers/"+name+"/json", nil)
			var d described
			if err := json.Unmarshal(text, &d); err != nil {
				t.Fatal(err)
			}
			return d, string(text)
		}
	}
	t.Fatalf("no container of %s", app)
	return described{}, ""
}

func TestAContainerIsAsItsArtefactSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	kept, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file, err := kept.Save("shop.conf", []byte("mode = live\n"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := kept.Save("shop.env", []byte("FROM_FILE=yes\n"))
	if err != nil {
		t.Fatal(err)
	}
	secret, data := filepath.Join(t.TempDir(), "secret"), t.TempDir()
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	network := "net-" + appOf(t)
	daemon.Do(t, http.MethodPost, "/networks/create", []byte(`{"Name":"`+network+`","Driver":"bridge"}`))
	order := h.order("-mark", "{{files}}/shop.conf")
	order.Artefact.Files, order.Artefact.EnvFile = []release.File{file}, env
	order.Artefact.Env = append(order.Artefact.Env, release.EnvVar{Name: "PASSWORD", Ref: "file:" + secret})
	c := order.Artefact.Container
	c.SecretFiles, c.User, c.CPUs, c.Memory, c.Networks = true, "0:0", 0.5, 64<<20, []string{network}
	c.Mounts = []release.Mount{{Source: data, Target: "/data", ReadOnly: true}}
	t.Cleanup(func() { daemon.Do(t, http.MethodDelete, "/networks/"+network, nil) })
	in := runs(t, h.open(docker.Options{Snapshots: kept}), order)

	self := platformtest.WhoAmI(t, in.Addr)
	for name, want := range map[string]string{"FROM_FILE": "yes", "PASSWORD_FILE": "/run/secrets/PASSWORD", "PASSWORD": "", "PORT": "8080"} {
		if got := self.Get(name); got != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	if !slices.Contains(self.Args, "/run/cutover/files/shop.conf") {
		t.Errorf("the arguments are %q", self.Args)
	}
	d, text := describe(t, order.App)
	if strings.Contains(text, "hunter2") {
		t.Error("docker inspect shows a secret that lies in a file")
	}
	if d.HostConfig.NanoCpus != 5e8 || d.HostConfig.Memory != 64<<20 || d.Config.User != "0:0" || d.HostConfig.RestartPolicy.Name != "no" {
		t.Errorf("the container is %+v", d)
	}
	for _, binding := range d.HostConfig.PortBindings["8080/tcp"] {
		if binding.HostIP != "127.0.0.1" {
			t.Errorf("its port can be reached at %s", binding.HostIP)
		}
	}
	if len(d.NetworkSettings.Networks) != 1 || d.NetworkSettings.Networks[network] == nil {
		t.Errorf("it is in the networks %v", d.NetworkSettings.Networks)
	}
	for target, source := range map[string]string{"/data": data, "/run/secrets/PASSWORD": secret, "/run/cutover/files": filepath.Join(h.dir, "files", order.App, order.Digest)} {
		if !slices.ContainsFunc(d.Mounts, func(m struct {
			Source, Destination string
			RW                  bool
		}) bool {
			return m.Destination == target && m.Source == source && !m.RW
		}) {
			t.Errorf("%s is not mounted read-only at %s: %+v", source, target, d.Mounts)
		}
	}
}

func TestNoLabelHasASecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	order := h.order()
	order.Artefact.Env = append(order.Artefact.Env, release.EnvVar{Name: "PASSWORD", Ref: "file:" + secret})
	in := runs(t, h.open(docker.Options{}), order)
	if got := platformtest.WhoAmI(t, in.Addr).Get("PASSWORD"); got != "hunter2" {
		t.Errorf("the program got the password %q", got)
	}
	d, _ := describe(t, order.App)
	if d.Config.Labels["cutover.instance"] != in.ID || strings.Contains(fmt.Sprint(d.Config.Labels), "hunter2") {
		t.Errorf("the labels are %v", d.Config.Labels)
	}
}

func TestAPortThatNobodyListensOnIsNotReadyThoughDockerTakesConnections(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	order := h.order()
	order.Artefact.Health.Path = ""
	p := h.open(docker.Options{})
	runs(t, p, order)
	deaf := h.order()
	deaf.Side, deaf.Artefact.Health.Path, deaf.Artefact.Container.Port = release.Green, "", 8081
	deaf.Artefact.Env = append(deaf.Artefact.Env, release.EnvVar{Name: "PORT", Value: "9999"})
	if err := p.Start(t.Context(), deaf); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "word that nothing listens", func() bool {
		list, err := p.Observe(t.Context(), order.App)
		if err != nil || len(list) != 2 || list[1].Ready {
			t.Fatalf("observe: %+v, %v", list, err)
		}
		return strings.Contains(list[1].Detail, "nothing listens")
	})
}

func TestACommandInsideTheContainerTellsReadiness(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(docker.Options{})
	order := h.order()
	order.Artefact.Health.Path = ""
	order.Artefact.Health.Command = []string{"/app", platformtest.ProgramName, "-say", "not for {{version}}", "-exit", "3"}
	sick := order
	sick.Side = release.Green
	order.Artefact.Health.Command = []string{"/app", platformtest.ProgramName, "-exit", "0"}
	runs(t, p, order)
	if err := p.Start(t.Context(), sick); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the word of the probe", func() bool {
		list, err := p.Observe(t.Context(), order.App)
		if err != nil || len(list) != 2 || list[1].Ready {
			t.Fatalf("observe: %+v, %v", list, err)
		}
		return strings.Contains(list[1].Detail, "/app: exit status 3: not for 1.0")
	})
}

func TestDirectInstancesAreReachedAtTheirOwnAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	order := h.order()
	order.Artefact.Container.Direct = true
	in := runs(t, h.open(docker.Options{}), order)
	if strings.HasPrefix(in.Addr, "127.") || !strings.HasSuffix(in.Addr, ":8080") {
		t.Errorf("it is reached at %s", in.Addr)
	}
	if d, _ := describe(t, order.App); len(d.HostConfig.PortBindings) > 0 {
		t.Errorf("ports are published: %v", d.HostConfig.PortBindings)
	}
}

func TestATagThatMovedIsNotRunInThePlaceOfWhatWasPlanned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(docker.Options{})
	image := "moving-" + appOf(t) + ":latest"
	daemon.Image(t, image, "cutover/internal/platform/platformtest/app", "first")
	planned, err := dockerapi.Resolve(t.Context(), daemon.Socket(t), image)
	if err != nil {
		t.Fatal(err)
	}
	now := daemon.Image(t, image, "cutover/internal/platform/platformtest/app", "second")
	if planned == now {
		t.Fatalf("both images are %s", now)
	}
	order := h.order()
	order.Artefact.Container.Image, order.Artefact.Container.Pinned = image, planned
	if err := p.Startable(t.Context(), order); err != nil {
		t.Errorf("what was planned is still there: %v", err)
	}
	daemon.Do(t, http.MethodDelete, "/images/"+planned+"?force=1", nil)
	for what, err := range map[string]error{"startable": p.Startable(t.Context(), order), "start": p.Start(t.Context(), order)} {
		if err == nil || !strings.Contains(err.Error(), "meant "+planned) || !strings.Contains(err.Error(), now) {
			t.Errorf("%s: %v; want an error with both images", what, err)
		}
	}
}

func TestWhatAContainerNeedsIsLookedForBeforeTheRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(docker.Options{})
	for want, change := range map[string]func(*release.Container){
		"docker network create nowhere": func(c *release.Container) { c.Networks = []string{"nowhere"} },
		"mount /nowhere/at/all":         func(c *release.Container) { c.Mounts = []release.Mount{{Source: "/nowhere/at/all", Target: "/x"}} },
		"no Docker daemon answers":      func(c *release.Container) { c.Socket = "unix:///nowhere/docker.sock" },
		"was not pinned":                func(c *release.Container) { c.Pinned = "" },
		"only its ID is known":          func(c *release.Container) { c.Pinned = "sha256:" + strings.Repeat("0", 64); c.Image = "nowhere:1" },
	} {
		order := h.order()
		change(order.Artefact.Container)
		if err := p.Startable(t.Context(), order); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want an error with %q", err, want)
		}
	}
}
