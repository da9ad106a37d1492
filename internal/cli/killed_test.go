package cli_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/api"
	"cutover/internal/release"
)

func TestAKilledInstanceIsStartedAgainAndServesAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	victim := h.instances()[0].pid
	kill(t, victim)
	await(t, "two instances, one of them new, both on the route", func() bool {
		v := h.view("shop-v1")
		list := h.instances()
		for _, p := range list {
			if p.pid == victim {
				return false
			}
		}
		blue := v.World.Sides.Blue
		return len(list) == 2 && blue.Ready() == 2 && blue.Restarts() == 1 && len(v.World.Traffic.Sides.Blue.Endpoints) == 2
	})
	crowd := h.crowd(50)
	await(t, "users who are served", func() bool { return crowd.Snapshot().Requests.Answered > 100 })
	crowd.finish()
	h.must(0, "status", "shop")
	h.must(0, "audit", "verify")
}

func TestAKilledDataPlaneComesBackWithTheSameTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	tenth := func(v api.View) bool {
		return v.State.Phase == release.Shifting && v.State.Held && v.World.Traffic.Sides.Green.Weight == 1000 && v.World.Traffic.Sides.Blue.Weight == 9000
	}
	await(t, "a tenth of the traffic on v2", func() bool { return tenth(h.view("shop-v2")) })
	before := h.view("shop-v2").World.Traffic

	victim := h.dataPlane()
	kill(t, victim)
	await(t, "another data plane", func() bool { p := h.dataPlane(); return p != 0 && p != victim })
	await(t, "the controller's word that it noticed", func() bool {
		log, err := os.ReadFile(filepath.Join(h.state, "serve.log"))
		return err == nil && strings.Contains(string(log), "the data plane was gone and runs again")
	})
	await(t, "a tenth of the traffic on v2 again", func() bool {
		v := h.view("shop-v2")
		return tenth(v) && v.World.Traffic.Epoch != before.Epoch
	})
	after := h.view("shop-v2").World.Traffic
	for _, side := range []release.Side{release.Blue, release.Green} {
		if b, a := before.Sides.Of(side), after.Sides.Of(side); !reflect.DeepEqual(b.Endpoints, a.Endpoints) {
			t.Errorf("%s had %v and has %v", side, b.Endpoints, a.Endpoints)
		}
	}
	crowd := h.crowd(100)
	await(t, "users on both versions", func() bool {
		seen := crowd.Snapshot().Versions
		return seen["v1"].Requests > 0 && seen["v2"].Requests > 0
	})
	crowd.finish()
	h.must(0, "abort", "shop")
}

// dataPlane returns the process id of the proxy, 0 if none runs.
func (h *house) dataPlane() int {
	for _, p := range h.processes() {
		if p.is("proxy") {
			return p.pid
		}
	}
	return 0
}

func (h *house) view(release string) api.View {
	h.t.Helper()
	v, err := h.client().View(h.t.Context(), release)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

func kill(t testing.TB, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}
