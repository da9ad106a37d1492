package docker_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cutover/internal/platform/docker"
	"cutover/internal/platform/platformtest"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/testkit/dockerd"
)

var daemon dockerd.Server

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"controller": controllerRole}, daemon.Stop, mortal.Stop)
}

func TestContainersAreAPlatform(t *testing.T) {
	t.Parallel()
	image := theImage(t)
	platformtest.Run(t, func(t *testing.T) platformtest.Setup {
		h := newHouse(t)
		return platformtest.Setup{
			App:      appOf(t),
			Open:     func() platformtest.Platform { return h.open(docker.Options{}) },
			Artefact: func(args ...string) release.Artefact { return h.artefact(image, args...) },
		}
	})
}

// theImage makes the image of the suite's program and returns its ID.
func theImage(t *testing.T) string {
	return daemon.Image(t, "shop:1.0", "cutover/internal/platform/platformtest/app", "1.0")
}

// appOf names an app after its test.
func appOf(t *testing.T) string {
	name := strings.ToLower(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])
	return name[:min(len(name), 60)]
}

// house is a state folder with the containers that belong to it.
type house struct {
	t   *testing.T
	dir string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "state")}
	t.Cleanup(func() {
		left := slices.DeleteFunc(daemon.Containers(t), func(name string) bool { return !strings.Contains(name, "-"+appOf(t)+"-") })
		if len(left) > 0 {
			t.Errorf("containers are left: %v", left)
		}
	})
	return h
}

func (h *house) open(o docker.Options) *docker.Platform {
	h.t.Helper()
	o.StateDir = h.dir
	p, err := docker.New(o)
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
		Container: &release.Container{Socket: daemon.Socket(h.t), Image: "shop:1.0", Pinned: image, Port: 8080},
	}
}
