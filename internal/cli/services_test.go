package cli_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

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

// inSwarm names the services of the swarm, sorted.
func inSwarm(t *testing.T) []string {
	t.Helper()
	var list []struct{ Spec struct{ Name string } }
	if err := json.Unmarshal(manager.Do(t, http.MethodGet, "/services", nil), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Spec.Name)
	}
	slices.Sort(names)
	return names
}

func TestServicesOfASwarmAreUpgradedAndTakenBackWhileTheControllerIsKilled(t *testing.T) {
	t.Parallel()
	upgradedAndTakenBack(t, swarming(t), func() []string { return inSwarm(t) })
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
