package swarm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"cutover/internal/platform/docker/swarm"
	"cutover/internal/platform/platformtest"
	"cutover/internal/release"
	"cutover/internal/testkit/dockerd"
)

// first and second are the nodes of another swarm; first manages it.
var first, second dockerd.Server

// setAvailability does to a node what docker node update --availability does.
func setAvailability(t *testing.T, manages bool, availability string) {
	t.Helper()
	role := map[bool]string{true: "manager", false: "worker"}[manages]
	var list []struct {
		ID      string
		Version struct{ Index json.Number }
		Spec    map[string]any
	}
	if err := json.Unmarshal(first.Do(t, http.MethodGet, "/nodes", nil), &list); err != nil {
		t.Fatal(err)
	}
	for _, n := range list {
		if n.Spec["Role"] != role {
			continue
		}
		n.Spec["Availability"] = availability
		body, err := json.Marshal(n.Spec)
		if err != nil {
			t.Fatal(err)
		}
		first.Do(t, http.MethodPost, "/nodes/"+n.ID+"/update?version="+n.Version.Index.String(), body)
		return
	}
	t.Fatalf("no node is a %s: %+v", role, list)
}

func TestAnInstanceIsFollowedFromNodeToNode(t *testing.T) {
	t.Parallel()
	h := &house{t: t, dir: t.TempDir()}
	second.Join(t, &first)
	image := first.Publish(t, "team/shop", "cutover/internal/platform/platformtest/app")
	pinned, err := swarm.Resolve(t.Context(), first.Socket(t), image)
	if name := strings.TrimSuffix(image, ":published"); err != nil || !strings.HasPrefix(pinned, name+"@sha256:") {
		t.Fatalf("the image is pinned as %s, %v; want %s by its digest", pinned, err, name)
	}
	p := h.open(swarm.Options{})
	order := h.order()
	order.Artefact.Container.Socket, order.Artefact.Container.Image, order.Artefact.Container.Pinned = first.Socket(t), image, pinned

	setAvailability(t, true, "drain")
	there := runs(t, p, order)
	if n := len(second.Containers(t)); n == 0 || platformtest.WhoAmI(t, there.Addr).Get("CUTOVER_INSTANCE") != there.ID {
		t.Errorf("the other node has %d containers, or %+v is not reached there", n, there)
	}
	setAvailability(t, true, "active")
	setAvailability(t, false, "drain")
	here := awaits(t, p, order.App, "the instance on the manager's node", func(in release.Instance) bool {
		return in.Serves() && in.Since.After(there.Since) && len(first.Containers(t)) > 0
	})
	if here.ID != there.ID || here.Restarts != 0 || !here.Since.After(there.Since) {
		t.Errorf("%+v was moved and became %+v", there, here)
	}
	setAvailability(t, false, "active")

	onlyHere := order
	c := *order.Artefact.Container
	c.Image, c.Pinned = "shop:1.0", first.Image(t, "shop:1.0", "cutover/internal/platform/platformtest/app", "1.0")
	onlyHere.Artefact.Container = &c
	if err := p.Startable(t.Context(), onlyHere); err == nil || !strings.Contains(err.Error(), "push it to a registry") {
		t.Errorf("an image that one node has: %v; want the cure", err)
	}
	c.Socket = second.Socket(t)
	if err := p.Startable(t.Context(), onlyHere); err == nil || !strings.Contains(err.Error(), "is a worker, and only a manager takes orders") {
		t.Errorf("by the socket of a worker: %v; want the cure", err)
	}
}
