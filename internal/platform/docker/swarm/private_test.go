package swarm_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutover/internal/platform/docker/swarm"
	"cutover/internal/platform/platformtest"
	"cutover/internal/release"
	"cutover/internal/testkit/dockerd"
)

// Not parallel: who is logged in is a matter of the whole process.
func TestEveryNodePullsFromAPrivateRegistryAndNobodyIsShownThePassword(t *testing.T) {
	h := &house{t: t, dir: t.TempDir()}
	second.Join(t, &first)
	image := first.PublishPrivately(t, "team/private", "cutover/internal/platform/platformtest/app")
	dockerd.LogIn(t, image, "wrong")
	_, err := swarm.Resolve(t.Context(), first.Socket(t), image)
	if host, _, _ := strings.Cut(image, "/"); err == nil || !strings.Contains(err.Error(), "run docker login "+host+" as the user that cutover runs as") {
		t.Errorf("with a wrong password: %v; want the cure", err)
	}
	dockerd.LogIn(t, image, dockerd.Password)
	pinned, err := swarm.Resolve(t.Context(), first.Socket(t), image)
	if err != nil || !strings.Contains(pinned, "@sha256:") {
		t.Fatalf("the image is pinned as %s, %v", pinned, err)
	}
	var log bytes.Buffer
	p := h.open(swarm.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	order := h.order()
	order.Artefact.Container.Socket, order.Artefact.Container.Image, order.Artefact.Container.Pinned = first.Socket(t), image, pinned
	if err := p.Startable(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	// The node that is left has nothing but what it is handed to pull with.
	setAvailability(t, true, "drain")
	defer setAvailability(t, true, "active")
	in := runs(t, p, order)
	if n := len(second.Containers(t)); n == 0 || platformtest.WhoAmI(t, in.Addr).Get("CUTOVER_INSTANCE") != in.ID {
		t.Errorf("the other node has %d containers, or %+v is not reached there", n, in)
	}
	list, err := p.Observe(t.Context(), order.App)
	dockerd.HidesPassword(t, "Observe", fmt.Sprintf("%+v %v", list, err))
	dockerd.HidesPassword(t, "the log", log.String())
	dockerd.HidesPasswordBelow(t, h.dir)
	for _, kind := range []string{"services", "tasks", "nodes"} {
		dockerd.HidesPassword(t, "the list of "+kind, string(first.Do(t, http.MethodGet, "/"+kind, nil)))
	}
}

// Not parallel: which nodes take tasks is a matter of the whole swarm.
func TestAHealthCommandIsRefusedWhereNoneCouldBeRun(t *testing.T) {
	h := &house{t: t, dir: t.TempDir()}
	second.Join(t, &first)
	image := first.Publish(t, "team/asked", "cutover/internal/platform/platformtest/app")
	pinned, err := swarm.Resolve(t.Context(), first.Socket(t), image)
	if err != nil {
		t.Fatal(err)
	}
	p := h.open(swarm.Options{})
	order := h.order()
	order.Artefact.Container.Socket, order.Artefact.Container.Image, order.Artefact.Container.Pinned = first.Socket(t), image, pinned
	order.Artefact.Health = release.Health{Command: []string{"/app", platformtest.ProgramName, "-say", "ready"}, Every: time.Second, Timeout: time.Minute, Failures: 3}
	if err := p.Startable(t.Context(), order); err == nil || !strings.Contains(err.Error(), "health.command can be run only on the node of the manager, and 1 other nodes") {
		t.Errorf("while another node takes tasks: %v; want the cure", err)
	}
	setAvailability(t, false, "drain")
	defer setAvailability(t, false, "active")
	if err := p.Startable(t.Context(), order); err != nil {
		t.Errorf("while none does: %v", err)
	}
}

func TestAnImageThatNobodyCanPullIsRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(swarm.Options{})
	published := docker.Publish(t, "team/there", "cutover/internal/platform/platformtest/app")
	digest := "@sha256:" + strings.Repeat("0", 64)
	for name, image := range map[string]string{
		"a registry that nobody reaches": "127.0.0.1:9/shop",
		"an image its registry has not":  strings.Replace(published, "team/there:published", "team/elsewhere", 1),
		"a version its registry has not": strings.TrimSuffix(published, ":published"),
	} {
		if _, err := swarm.Resolve(t.Context(), docker.Swarm(t), image+":v9"); err == nil || !strings.Contains(err.Error(), "the image "+image+":v9 is not there, and pulling it failed: ") || !strings.Contains(err.Error(), "correct its name") {
			t.Errorf("%s, by its tag: %v; want the cure", name, err)
		}
		order := h.order()
		order.Artefact.Container.Image, order.Artefact.Container.Pinned = image+":v9", image+digest
		if err := p.Startable(t.Context(), order); err == nil || !strings.Contains(err.Error(), "is not there, and pulling it failed: ") || !strings.Contains(err.Error(), "correct its name") {
			t.Errorf("%s, by its digest: %v; want the cure", name, err)
		}
		if err := p.Start(t.Context(), order); err == nil {
			t.Errorf("%s: an instance was started", name)
		}
	}
}
