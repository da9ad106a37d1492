package cli_test

import (
	"testing"
	"time"

	"cutover/internal/release"
)

const sixInstances = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["${SHOP}", demo, shop]
      replicas: 6
      health: {path: /health, every: 100ms}
  traffic: {listen: "${LISTEN}", streamGrace: 1s, streamSpread: 1s}
`

const twoAtATime = `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  from: v1
  to: v2
  strategy:
    type: rolling
    rolling: {parallelism: 2, delay: 100ms, monitor: 300ms}
    soak: {atLeast: 200ms, atLeastRequests: 0}
  ready: {within: 60s, settle: 100ms}
  checks: {smoke: [{http: /health}]}
`

func TestARollingUpdateTwoAtATimeLeavesFourOfSixReadyAndLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("app.yaml", sixInstances)
	h.write("v2.yaml", twoAtATime)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	crowd := h.crowd(100)
	watched := h.watchReady("shop-v1", "shop-v2")
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	least, most, looks := watched()
	t.Logf("%d looks: %d to %d instances ready", looks, least, most)
	if looks < 10 {
		t.Errorf("there were %d looks only", looks)
	}
	if least < 4 {
		t.Errorf("at one time %d instances of 6 were ready, want at least 4", least)
	}
	report := crowd.finish()
	if report.Versions["v1"].Requests == 0 || report.Versions["v2"].Requests == 0 {
		t.Errorf("users met %v, want both versions", report.Versions)
	}
	h.must(0, "retire", "shop")
	await(t, "six instances", func() bool { return len(h.instances()) == 6 })
}

// watchReady looks over and over how many instances of the releases' sides are
// ready together, as the API shows it. The function returned ends that and
// says the least and the most there were, and how many looks.
func (h *house) watchReady(releases ...string) func() (least, most, looks int) {
	stop, done := make(chan struct{}), make(chan struct{})
	least, most, looks := 1000, 0, 0
	client := h.client()
	go func() {
		defer close(done)
		tick := time.NewTicker(30 * time.Millisecond)
		defer tick.Stop()
		for last := (time.Time{}); ; {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			for _, name := range releases {
				v, err := client.View(h.t.Context(), name)
				w := v.World
				if err != nil || !w.Sides.Blue.Known || !w.Sides.Green.Known || !w.Now.After(last) {
					continue
				}
				last = w.Now
				n := serving(w)
				least, most, looks = min(least, n), max(most, n), looks+1
			}
		}
	}()
	return func() (int, int, int) {
		close(stop)
		<-done
		return least, most, looks
	}
}

func serving(w release.World) int { return w.Sides.Blue.Ready() + w.Sides.Green.Ready() }
