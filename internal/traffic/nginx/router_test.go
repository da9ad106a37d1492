package nginx_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit"
	server "cutover/internal/testkit/nginx"
	"cutover/internal/traffic/nginx"
)

func order(f release.Front, green release.Weight) release.RouteOrder {
	r := release.Route{Front: f, Salt: "r1"}
	r.Sides.Blue = release.SideRoute{Weight: release.All - green, Endpoints: []release.Endpoint{{ID: "b", Addr: "127.0.0.1:9"}}}
	r.Sides.Green = release.SideRoute{Weight: green, Endpoints: []release.Endpoint{{ID: "g", Addr: "127.0.0.1:9"}}}
	return release.RouteOrder{Stamp: release.Stamp{App: "shop", Fence: 1}, Route: r}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAFileThatNobodyIncludesIsSaidSoAndPutBack(t *testing.T) {
	t.Parallel()
	s := server.Start(t)
	f, r := open(t, s)
	s.Exclude()
	r.Patience = time.Second
	before := content(t, s.File)
	err := r.Route(t.Context(), order(f, release.None))
	if err == nil || !strings.Contains(err.Error(), "include "+s.File) {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(content(t, s.File), before) {
		t.Error("the file was not put back")
	}
}

func TestAFileOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := server.Start(t)
	f, r := open(t, s)
	if err := os.WriteFile(s.File, []byte("upstream mine { server 127.0.0.1:1; }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := content(t, s.File)
	if err := r.Route(t.Context(), order(f, release.None)); err == nil || !strings.Contains(err.Error(), "left alone") {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(content(t, s.File), before) {
		t.Error("it was overwritten")
	}
}

func TestAFileThatWasWrittenAndNeverReadIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := server.Start(t)
	f, r := open(t, s)
	if err := r.Route(t.Context(), order(f, release.None)); err != nil {
		t.Fatal(err)
	}
	first := content(t, s.File)
	if err := r.Route(t.Context(), order(f, 2500)); err != nil {
		t.Fatal(err)
	}
	// As if cutover had been killed between writing and reloading.
	if err := os.WriteFile(s.File, first, 0o600); err != nil {
		t.Fatal(err)
	}
	another := &nginx.Router{Front: func(string) release.Front { return f }}
	defer another.Close()
	got, err := another.Observe(t.Context(), "shop")
	if err != nil || got.Sides.Green.Weight != 2500 {
		t.Errorf("observed %+v, %v", got.Sides, err)
	}
	if err := another.Route(t.Context(), order(f, release.None)); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the route that was ordered", func() bool {
		got, err := another.Observe(t.Context(), "shop")
		return err == nil && got.Sides.Green.Weight == release.None
	})
}

func TestTheStarterIsWhatTheTestsStartWith(t *testing.T) {
	t.Parallel()
	if nginx.Starter("shop") != server.Starter {
		t.Errorf("%q", nginx.Starter("shop"))
	}
}
