package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/proxy/admin"
	"cutover/internal/release"
)

// occupy listens on addr until the test ends. It waits for the address to be
// given free: a process that another test is just starting may hold a copy of
// any descriptor for a moment.
func occupy(t *testing.T, addr string) {
	t.Helper()
	eventually(t, func() bool {
		ln, err := net.Listen("tcp", addr)
		if err == nil {
			t.Cleanup(func() { ln.Close() })
		}
		return err == nil
	}, func() any { return addr + " is still taken" })
}

func TestOneAddressServesSeveralApps(t *testing.T) {
	t.Parallel()
	p, addr := run(t, stateDir(t)), address()
	put(t, p.Client, service("shop", addr, says(t, "shop")))
	blog := service("blog", addr, says(t, "blog"))
	blog.Route.Front.Path = "/blog"
	put(t, p.Client, blog)
	expect(t, addr, "shop")
	expect(t, addr+"/blog/today", "blog")
	clash := service("third", addr, says(t, "third"))
	_, err := p.Change(t.Context(), admin.Change{Generation: 2, Fence: 1, App: "third", Service: clash})
	if !errors.Is(err, admin.ErrInvalid) || !strings.Contains(err.Error(), `"shop" and "third" both claim`) {
		t.Errorf("got %v", err)
	}
	expect(t, addr, "shop")
}

func TestAnAddressInUseIsRefusedAndTheOldTableStays(t *testing.T) {
	t.Parallel()
	p, addr := run(t, stateDir(t)), address()
	put(t, p.Client, service("shop", addr, says(t, "old")))
	taken, err := net.Listen("tcp", address())
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	moved := service("shop", address(), says(t, "new"))
	moved.Route.Front.PrivateListen = taken.Addr().String()
	_, err = p.Change(t.Context(), admin.Change{Generation: 1, Fence: 1, App: "shop", Service: moved})
	if !errors.Is(err, admin.ErrListen) || !strings.Contains(err.Error(), "ss -ltnp") {
		t.Errorf("got %v", err)
	}
	if table, err := p.Table(t.Context()); err != nil || table.Generation != 1 {
		t.Errorf("table %+v, %v", table, err)
	}
	expect(t, addr, "old")
	occupy(t, moved.Route.Front.Listen)
}

func TestAnAppMovesToAnotherAddressAndLeavesTheOldOne(t *testing.T) {
	t.Parallel()
	p, from, to := run(t, stateDir(t)), address(), address()
	blue := says(t, "here")
	put(t, p.Client, service("shop", from, blue))
	put(t, p.Client, service("shop", to, blue))
	expect(t, to, "here")
	occupy(t, from)
	if _, err := p.Change(t.Context(), admin.Change{Generation: 2, Fence: 1, App: "shop"}); err != nil {
		t.Fatal(err)
	}
	if s, err := p.Stats(t.Context(), "shop"); err != nil || s.Served || s.Sides.Blue.Counters.Accepted != 1 {
		t.Errorf("a removed app keeps its accounts: %+v, %v", s, err)
	}
}

func TestAnEqualOrderChangesNothingAndAHigherFenceIsRemembered(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	p, s := run(t, dir), service("shop", address(), says(t, "here"))
	put(t, p.Client, s)
	before, _ := os.Stat(filepath.Join(dir, "table.json"))
	put(t, p.Client, s)
	after, _ := os.Stat(filepath.Join(dir, "table.json"))
	if !os.SameFile(before, after) {
		t.Error("an equal order was written to disk")
	}
	out, err := p.Change(t.Context(), admin.Change{Generation: 1, Fence: 5, App: "shop", Service: s})
	if err != nil || out.Generation != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	again := run(t, dir)
	_, err = again.Change(t.Context(), admin.Change{Generation: 1, Fence: 4, App: "shop", Service: s})
	if !errors.Is(err, release.ErrFenced) {
		t.Errorf("after a restart, a lower fence got %v", err)
	}
	if _, err := again.CloseStreams(t.Context(), admin.CloseStreams{App: "shop", Side: release.Blue, Fence: 4}); !errors.Is(err, release.ErrFenced) {
		t.Errorf("closing streams with a lower fence got %v", err)
	}
	if _, err := again.CloseStreams(t.Context(), admin.CloseStreams{App: "shop", Side: release.Blue, Fence: 6}); err != nil {
		t.Error(err)
	}
	if h, err := again.Health(t.Context()); err != nil || h.Fence != 6 || h.Generation != 1 {
		t.Errorf("health %+v, %v", h, err)
	}
}

func TestBadOrdersAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	run(t, dir)
	good := []string{"If-Match", `"0"`, "Cutover-Fence", "1"}
	cases := map[string]struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		"no JSON":         {"PUT", "/v1/services/shop", `{`, good, 400, `invalid body`},
		"unknown field":   {"PUT", "/v1/services/shop", `{"route":{"wieght":1}}`, good, 400, `unknown field`},
		"more than one":   {"PUT", "/v1/services/shop", `{"route":{}} {}`, good, 400, `something follows`},
		"empty route":     {"PUT", "/v1/services/shop", `{"route":{}}`, good, 400, `listen: address`},
		"too large":       {"PUT", "/v1/services/shop", `{"secretHash":"` + strings.Repeat("a", 1<<20) + `"}`, good, 400, `too large`},
		"no generation":   {"PUT", "/v1/services/shop", `{}`, good[2:], 400, `If-Match`},
		"no fence":        {"DELETE", "/v1/services/shop", ``, good[:2], 400, `Cutover-Fence`},
		"old generation":  {"DELETE", "/v1/services/shop", ``, []string{"If-Match", "7", "Cutover-Fence", "1"}, 412, `"code":"generation"`},
		"whose stats":     {"GET", "/v1/stats", ``, nil, 400, `app=NAME`},
		"whose streams":   {"POST", "/v1/streams/close", `{"app":"shop","side":"red"}`, good[2:], 400, `blue or green`},
		"no such verb":    {"POST", "/v1/table", ``, nil, 405, `Method Not Allowed`},
		"no such address": {"GET", "/v2/table", ``, nil, 404, `not found`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status, body := raw(t, dir, c.method, c.path, c.body, c.header...)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("got %d %s, want %d with %q", status, body, c.status, c.want)
			}
		})
	}
	if table, err := admin.NewClient(SocketIn(dir)).Table(t.Context()); err != nil || table.Generation != 0 {
		t.Errorf("a bad order changed the table: %+v, %v", table, err)
	}
}

func TestTheSocketIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	run(t, dir)
	info, err := os.Stat(SocketIn(dir))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	long := filepath.Join(stateDir(t), strings.Repeat("x", 100))
	if err := Run(t.Context(), Options{StateDir: long}); err == nil || !strings.Contains(err.Error(), "takes 107") {
		t.Errorf("a long path: %v", err)
	}
	open := filepath.Dir(stateDir(t))
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	err = Run(t.Context(), Options{StateDir: stateDir(t), Socket: open + "/s"})
	if err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("an open folder: %v", err)
	}
	file := stateDir(t)
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = Run(t.Context(), Options{StateDir: stateDir(t), Socket: file})
	if err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("a file in place of the socket: %v", err)
	}
}

func TestTheEndLetsRequestsFinishAndClosesStreams(t *testing.T) {
	t.Parallel()
	p, addr := run(t, stateDir(t)), address()
	arrived, finish := make(chan struct{}), make(chan struct{})
	put(t, p.Client, service("shop", addr, backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "data: 1\n\n")
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		close(arrived)
		<-finish
		io.WriteString(w, "done")
	})))
	events, err := http.Get("http://" + addr + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	stream := bufio.NewReader(events.Body)
	if _, err := stream.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	slow := make(chan error, 1)
	go func() {
		res, err := http.Get("http://" + addr + "/slow")
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		slow <- err
	}()
	<-arrived
	ended := make(chan error, 1)
	go func() { ended <- p.stop() }()
	// The proxy takes no more connections, and still answers the slow request.
	eventually(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	}, func() any { return "the door is open" })
	close(finish)
	if err := <-slow; err != nil {
		t.Errorf("the slow request: %v", err)
	}
	if _, err := io.ReadAll(stream); err != nil {
		t.Errorf("the stream: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestASavedAddressThatIsTakenStopsTheStartWithACure(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := run(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "here")))
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	occupy(t, addr)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no patience
	if err := Run(ctx, Options{StateDir: dir}); err == nil {
		t.Error("started without its address")
	}
	if err := Run(t.Context(), Options{StateDir: dir}); !errors.Is(err, admin.ErrListen) || !strings.Contains(err.Error(), "ss -ltnp") {
		t.Errorf("got %v", err)
	}
}
