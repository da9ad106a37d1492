package embedded

import (
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"cutover/internal/release"
)

// longVariable sets how long the long request takes, such as 5m.
const longVariable = "CUTOVER_TEST_LONG_REQUEST"

func longRequest() time.Duration {
	if d, err := time.ParseDuration(os.Getenv(longVariable)); err == nil {
		return d
	}
	return 2 * time.Second
}

func TestALongRequestThatBeganBeforeASwitchCompletes(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	ensure(t, p)
	w, r := newTown(t), &Router{Client: p.Client}
	blue, green := w.side(release.Blue), w.side(release.Green)
	w.switchTo(r, release.Blue, routeTo(w.addr, release.None, blue, green))
	client := func() *http.Client {
		return &http.Client{Transport: &http.Transport{}, Timeout: longRequest() + time.Minute}
	}
	var long sync.WaitGroup
	for _, request := range []struct{ method, body string }{{"GET", ""}, {"POST", "an order that takes its time"}} {
		long.Go(func() {
			c := client()
			defer c.CloseIdleConnections()
			w.use(c, request.method, "/long", request.body)
		})
		<-w.longArrived
	}
	w.switchTo(r, release.Green, routeTo(w.addr, release.All, blue, green))
	now, err := r.Observe(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	if left := now.Sides.Blue; left.Requests != 2 || len(left.Load) != 1 || left.Load[0] != (release.Load{ID: "blue", Requests: 2}) {
		t.Errorf("after the switch blue has %+v", left)
	}
	// Blue leaves the route altogether while they are under way.
	alone := routeTo(w.addr, release.All, blue, green)
	alone.Sides.Blue.Endpoints = nil
	w.switchTo(r, release.Green, alone)
	w.use(client(), "GET", "/", "")
	long.Wait()
	w.ledgerAgrees(r)
}
