package embedded

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cutover/internal/proxy/admin"
	"cutover/internal/release"
)

func says(t *testing.T, text string) release.Endpoint {
	t.Helper()
	b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, text) }))
	t.Cleanup(b.Close)
	return release.Endpoint{ID: text, Addr: strings.TrimPrefix(b.URL, "http://")}
}

func routeTo(listen string, green release.Weight, blue, greenEnd release.Endpoint) release.Route {
	r := release.Route{Front: release.Front{Listen: listen, Path: "/"}, Salt: "r1"}
	r.Sides.Blue = release.SideRoute{Weight: release.All - green, Endpoints: []release.Endpoint{blue}}
	r.Sides.Green = release.SideRoute{Weight: green, Endpoints: []release.Endpoint{greenEnd}}
	return r
}

func ask(t *testing.T, addr string, header ...string) string {
	t.Helper()
	r, err := http.NewRequest("GET", "http://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return string(body)
}

func TestARouteIsServedAndObserved(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	ensure(t, p)
	r, addr := &Router{Client: p.Client}, address()
	if got, err := r.Observe(t.Context(), "shop"); err != nil || !got.Known || got.Served {
		t.Errorf("before: %+v, %v", got, err)
	}
	blue, green := says(t, "blue"), says(t, "green")
	want := routeTo(addr, release.None, blue, green)
	for range 2 {
		if err := r.Route(t.Context(), order("shop", 3, want)); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, addr); got != "blue" {
		t.Errorf("%q answered", got)
	}
	got, err := r.Observe(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	if !got.Served || got.Generation != 1 || got.Salt != "r1" || got.Epoch == "" || got.Sides.Blue.Weight != release.All ||
		len(got.Sides.Green.Endpoints) != 1 || got.Sides.Blue.Counters.Accepted != 1 {
		t.Errorf("observed %+v", got)
	}
	want.Sides.Blue.Weight, want.Sides.Green.Weight = 7500, 2500
	if err := r.Route(t.Context(), order("shop", 3, want)); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Observe(t.Context(), "shop"); err != nil || got.Generation != 2 || got.Sides.Green.Weight != 2500 {
		t.Errorf("observed %+v, %v", got, err)
	}
}

func TestAControllerThatWasReplacedIsRefused(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	ensure(t, p)
	old, young := &Router{Client: p.Client}, &Router{Client: p.Client}
	addr, blue, green := address(), says(t, "blue"), says(t, "green")
	if err := old.Route(t.Context(), order("shop", 1, routeTo(addr, release.None, blue, green))); err != nil {
		t.Fatal(err)
	}
	if err := young.Route(t.Context(), order("shop", 2, routeTo(addr, release.All, blue, green))); err != nil {
		t.Fatal(err)
	}
	for _, back := range []release.Weight{release.None, release.All} {
		err := old.Route(t.Context(), order("shop", 1, routeTo(addr, back, blue, green)))
		if !errors.Is(err, release.ErrFenced) {
			t.Errorf("the old controller's route to %s got %v", back, err)
		}
	}
	err := old.CloseStreams(t.Context(), release.StreamOrder{Stamp: release.Stamp{App: "shop", Fence: 1}, Side: release.Green})
	if !errors.Is(err, release.ErrFenced) {
		t.Errorf("the old controller's closing of streams got %v", err)
	}
	if got := ask(t, addr); got != "green" {
		t.Errorf("%q answered", got)
	}
	// Neither does a restart make the proxy forget.
	kill(t, p)
	ensure(t, p)
	if err := old.Route(t.Context(), order("shop", 1, routeTo(addr, release.None, blue, green))); !errors.Is(err, release.ErrFenced) {
		t.Errorf("after a restart, the old controller got %v", err)
	}
	if err := young.CloseStreams(t.Context(), release.StreamOrder{Stamp: release.Stamp{App: "shop", Fence: 2}, Side: release.Green}); err != nil {
		t.Error(err)
	}
}

func TestRoutesOfSeveralAppsDoNotGetLostInEachOther(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	ensure(t, p)
	blue, green := says(t, "blue"), says(t, "green")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			app, addr := fmt.Sprint("app-", i), address()
			for step := range 5 {
				weight := release.Percent(float64(step+1) * 20)
				r := &Router{Client: p.Client}
				if err := r.Route(t.Context(), order(app, 1, routeTo(addr, weight, blue, green))); err != nil {
					t.Error(err)
				}
				if got, err := r.Observe(t.Context(), app); err != nil || got.Sides.Green.Weight != weight {
					t.Errorf("%s at %s: %+v, %v", app, weight, got, err)
				}
			}
		})
	}
	wg.Wait()
	table, err := p.Client.Table(t.Context())
	if err != nil || len(table.Services) != 4 || table.Generation != 20 {
		t.Errorf("%d services at generation %d, %v", len(table.Services), table.Generation, err)
	}
}

func TestThePrivateSideIsReachedByListenerAndSecretOnly(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	ensure(t, p)
	r := &Router{Client: p.Client, Secret: func(salt string) string { return "secret of " + salt }}
	route := routeTo(address(), release.None, says(t, "blue"), says(t, "green"))
	route.Front.PrivateListen, route.Private = address(), release.Green
	if err := r.Route(t.Context(), order("shop", 1, route)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		addr, secret, want string
	}{
		{route.Front.Listen, "", "blue"},
		{route.Front.Listen, "wrong", "blue"},
		{route.Front.Listen, "secret of r1", "green"},
		{route.Front.PrivateListen, "", "green"},
	} {
		if got := ask(t, c.addr, "Cutover-Private", c.secret); got != c.want {
			t.Errorf("%s with %q is answered by %s, want %s", c.addr, c.secret, got, c.want)
		}
	}
	if table, err := p.Client.Table(t.Context()); err != nil || strings.Contains(fmt.Sprint(table), "secret of") {
		t.Errorf("the proxy was told the secret: %+v, %v", table, err)
	}
}

func TestWithoutAProxyEveryCallIsAnErrorAndNeverNothing(t *testing.T) {
	t.Parallel()
	r := &Router{Client: admin.NewClient(t.TempDir() + "/none")}
	if got, err := r.Observe(t.Context(), "shop"); err == nil || got.Known {
		t.Errorf("observed %+v, %v", got, err)
	}
	if err := r.Route(t.Context(), order("shop", 1, release.Route{})); err == nil {
		t.Error("routed without a proxy")
	}
	if err := r.CloseStreams(t.Context(), release.StreamOrder{}); err == nil {
		t.Error("closed streams without a proxy")
	}
}

func TestARouteThatCannotBeServedIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	ensure(t, p)
	bad := routeTo(address(), release.None, says(t, "blue"), says(t, "green"))
	bad.Sides.Blue.Weight = 1
	err := (&Router{Client: p.Client}).Route(t.Context(), order("shop", 1, bad))
	if !errors.Is(err, admin.ErrInvalid) || !strings.Contains(err.Error(), "add up to 0.01%") {
		t.Errorf("got %v", err)
	}
}
