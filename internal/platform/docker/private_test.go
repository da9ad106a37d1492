package docker_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"cutover/internal/platform/docker"
	dockerapi "cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/platformtest"
	"cutover/internal/testkit/dockerd"
)

// Not parallel: who is logged in is a matter of the whole process.
func TestAnImageOfAPrivateRegistryIsPulledAndNobodyIsShownThePassword(t *testing.T) {
	h := newHouse(t)
	image := daemon.PublishPrivately(t, "team/private", "cutover/internal/platform/platformtest/app")
	host, _, _ := strings.Cut(image, "/")
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	if _, err := dockerapi.Resolve(t.Context(), daemon.Socket(t), image); err == nil || !strings.Contains(err.Error(), "run docker login "+host) {
		t.Errorf("without credentials: %v; want the cure", err)
	}
	dockerd.LogIn(t, image, dockerd.Password)
	pinned, err := dockerapi.Resolve(t.Context(), daemon.Socket(t), image)
	if err != nil || !strings.Contains(pinned, "@sha256:") {
		t.Fatalf("the image is pinned as %s, %v", pinned, err)
	}
	daemon.Do(t, http.MethodDelete, "/images/"+image, nil) // it has to be pulled once more
	var log bytes.Buffer
	p := h.open(docker.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	order := h.order()
	order.Artefact.Container.Image, order.Artefact.Container.Pinned = image, pinned
	in := runs(t, p, order)
	if platformtest.WhoAmI(t, in.Addr).Get("CUTOVER_INSTANCE") != in.ID {
		t.Errorf("%+v is not reached", in)
	}
	dockerd.HidesPassword(t, "Observe", fmt.Sprintf("%+v", in))
	dockerd.HidesPassword(t, "the log", log.String())
	dockerd.HidesPasswordBelow(t, h.dir)
	for _, id := range daemon.Containers(t) {
		dockerd.HidesPassword(t, "the container", string(daemon.Do(t, http.MethodGet, "/containers/"+id+"/json", nil)))
	}
}

func TestAnImageThatCannotBePulledIsRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(docker.Options{})
	published := daemon.Publish(t, "team/there", "cutover/internal/platform/platformtest/app")
	for name, image := range map[string]string{
		"a registry that nobody reaches": "127.0.0.1:9/shop",
		"an image its registry has not":  strings.Replace(published, "team/there:published", "team/elsewhere", 1),
		"a version its registry has not": strings.TrimSuffix(published, ":published"),
	} {
		if _, err := dockerapi.Resolve(t.Context(), daemon.Socket(t), image+":v9"); err == nil || !strings.Contains(err.Error(), "correct its name") {
			t.Errorf("%s, by its tag: %v; want the cure", name, err)
		}
		order := h.order()
		order.Artefact.Container.Image, order.Artefact.Container.Pinned = image+":v9", image+"@sha256:"+strings.Repeat("0", 64)
		if err := p.Startable(t.Context(), order); err == nil || !strings.Contains(err.Error(), "is not there, and pulling it failed: ") || !strings.Contains(err.Error(), "correct its name") {
			t.Errorf("%s, by its digest: %v; want the cure", name, err)
		}
	}
}
