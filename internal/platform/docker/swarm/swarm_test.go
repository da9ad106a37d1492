package swarm_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/platform/docker/swarm"
	"cutover/internal/platform/platformtest"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/testkit/dockerd"
)

// docker is a manager of a swarm, alone a daemon in none.
var docker, alone dockerd.Server

func TestMain(m *testing.M) {
	// Most of the time the tests wait for the swarm.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testkit.Main(m, nil, docker.Stop, alone.Stop, second.Stop, first.Stop)
}

func TestServicesOfASwarmAreAPlatform(t *testing.T) {
	t.Parallel()
	docker.Swarm(t)
	image := theImage(t)
	platformtest.Run(t, func(t *testing.T) platformtest.Setup {
		h := newHouse(t)
		return platformtest.Setup{
			App:      appOf(t),
			Open:     func() platformtest.Platform { return h.open(swarm.Options{}) },
			Artefact: func(args ...string) release.Artefact { return h.artefact(image, args...) },
		}
	})
}

// theImage makes the image of the suite's program and returns its ID.
func theImage(t *testing.T) string {
	return docker.Image(t, "shop:1.0", "cutover/internal/platform/platformtest/app", "1.0")
}

// appOf names an app after its test.
func appOf(t *testing.T) string {
	name := strings.ToLower(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])
	return name[:min(len(name), 60)]
}

// house is a state folder with the services that belong to it.
type house struct {
	t   *testing.T
	dir string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	docker.Swarm(t)
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "state")}
	t.Cleanup(func() {
		for _, kind := range []string{"services", "secrets", "configs"} {
			if left := h.owned(kind); len(left) > 0 {
				t.Errorf("%s are left: %s", kind, left)
			}
		}
	})
	return h
}

// owned lists what the swarm has of a kind that belongs to the test's app.
func (h *house) owned(kind string) []json.RawMessage {
	h.t.Helper()
	filters := `?filters={"label":["cutover.app=` + appOf(h.t) + `"]}`
	var list []json.RawMessage
	if err := json.Unmarshal(docker.Do(h.t, http.MethodGet, "/"+kind+filters, nil), &list); err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) open(o swarm.Options) *swarm.Platform {
	h.t.Helper()
	o.StateDir = h.dir
	p, err := swarm.New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := p.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return p
}

func (h *house) artefact(image string, args ...string) release.Artefact {
	return release.Artefact{
		Command:   append([]string{platformtest.ProgramName}, args...),
		Env:       []release.EnvVar{{Name: "LISTEN_HOST", Value: "0.0.0.0"}},
		Container: &release.Container{Socket: docker.Swarm(h.t), Image: "shop:1.0", Pinned: image, Port: 8080},
	}
}
