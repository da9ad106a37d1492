package haproxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cutover/internal/release"
	"cutover/internal/testkit"
	server "cutover/internal/testkit/haproxy"
)

func TestAReloadForgetsNothingAndWhatTheOldProcessHasIsInFlight(t *testing.T) {
	t.Parallel()
	s := server.Start(t)
	f, r := open(s)
	var waits atomic.Int64
	letGo := make(chan struct{})
	answer := sync.OnceFunc(func() { close(letGo) })
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/wait" {
			waits.Add(1)
			<-letGo
		}
		_, _ = io.WriteString(w, "blue")
	}))
	defer app.Close()
	defer answer()
	order := release.RouteOrder{Stamp: release.Stamp{App: "shop", Fence: 3}, Route: release.Route{Front: f, Salt: "r1"}}
	order.Route.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{{ID: "b 1", Addr: strings.TrimPrefix(app.URL, "http://")}}}
	if err := r.Route(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	before, err := r.Observe(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 1)
	go func() { done <- body(t, "http://"+s.Listen+"/wait") }()
	testkit.Await(t, "a request in flight", func() bool { return waits.Load() == 1 })

	s.Reload()
	after, err := r.Observe(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	if after.Epoch == before.Epoch || !after.Served || after.Sides.Blue.Weight != release.All || len(after.Sides.Blue.Endpoints) != 1 || after.Sides.Blue.Endpoints[0].ID != "b 1" {
		t.Errorf("before the reload %+v, after it %+v", before, after)
	}
	if after.Sides.Blue.Requests != 1 {
		t.Errorf("the old process has a request, and %d are reported in flight", after.Sides.Blue.Requests)
	}
	if got := body(t, "http://"+s.Listen+"/"); got != "blue" {
		t.Errorf("%q answered after the reload", got)
	}
	answer()
	if got := <-done; got != "blue" {
		t.Errorf("the request in flight got %q", got)
	}
	testkit.Await(t, "the end of what the old process had", func() bool {
		now, err := r.Observe(t.Context(), "shop")
		return err == nil && now.Sides.Blue.Requests == 0
	})
}

func body(t *testing.T, url string) string {
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return string(text)
}
