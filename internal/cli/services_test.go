package cli_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"cutover/internal/release"
	"cutover/internal/testkit/dockerd"
)

// manager is a daemon that manages a swarm; docker is in none.
var manager dockerd.Server

// swarming makes a house whose shop runs as services of a swarm.
func swarming(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	for _, version := range []string{"v1", "v2"} {
		manager.Image(t, "shop:"+version, shopProgram, version)
	}
	h.more = append(h.more, "DOCKER="+manager.Swarm(t))
	h.write("app.yaml", strings.Replace(shipped, "type: docker", "type: swarm", 1))
	return h
}

// inSwarm counts the services of the swarm.
func inSwarm(t *testing.T) int {
	t.Helper()
	var list []json.RawMessage
	if err := json.Unmarshal(manager.Do(t, http.MethodGet, "/services", nil), &list); err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestServicesOfASwarmAreUpgradedAndTakenBackWhileTheControllerIsKilled(t *testing.T) {
	t.Parallel()
	h := swarming(t)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	users := h.users()
	users.await("v1")
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "a tenth of the traffic on v2", func() bool {
		v := h.view("shop-v2")
		return v.State.Phase == release.Shifting && v.State.Held && v.World.Traffic.Sides.Green.Weight == 1000
	})
	for _, p := range h.processes() {
		if p.is("serve") {
			kill(t, p.pid)
		}
	}
	users.await("v2")
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml") // by another controller
	h.must(0, "next", "shop")
	await(t, "half of the traffic on v2", func() bool { return h.view("shop-v2").World.Traffic.Sides.Green.Weight == 5000 })
	if n := inSwarm(t); n != 4 {
		t.Errorf("another controller has %d services; want the 4 there were", n)
	}
	h.must(0, "abort", "shop", "-m", "the users do not like it")
	await(t, "the end of the release", func() bool { return h.view("shop-v2").State.Phase.Ended() })
	await(t, "the services of v1 alone", func() bool { return inSwarm(t) == 2 })
	users.await("v1")
	users.finish()
	h.must(0, "audit", "verify")
	h.must(0, "down", "--yes")
	if n := inSwarm(t); n > 0 {
		t.Errorf("after down there are %d services", n)
	}
}

func TestServicesThatCannotRunAreRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.more = append(h.more, "DOCKER="+docker.Socket(t))
	app := strings.Replace(shipped, "type: docker", "type: swarm", 1)
	h.write("app.yaml", app)
	if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v1.yaml"); !strings.Contains(out, "is in no swarm: run docker swarm init") || !strings.Contains(out, "app.yaml:9:14") {
		t.Errorf("without a swarm: %s", out)
	}
	h.write("app.yaml", strings.Replace(app, "${DOCKER}", "unix:///nowhere/docker.sock", 1))
	if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v1.yaml"); !strings.Contains(out, "no Docker daemon answers at unix:///nowhere/docker.sock: start it") {
		t.Errorf("without a daemon: %s", out)
	}
}
