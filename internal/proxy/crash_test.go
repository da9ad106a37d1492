package proxy

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

func TestAKilledProxyServesItsLastTableAgain(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	texts := [2]string{"one", "two"}
	backends := [2]string{says(t, texts[0]), says(t, texts[1])}
	p := start(t, dir)
	put(t, p.Client, service("shop", addr, backends[0]))
	acked := uint64(1)
	for range 12 {
		w := writer{client: p.Client, addr: addr, backends: backends, done: make(chan struct{})}
		w.acked.Store(acked)
		go w.write()
		eventually(t, func() bool { return w.acked.Load() > acked }, func() any { return "no table is written" })
		moment := time.NewTimer(rand.N(10 * time.Millisecond))
		<-moment.C
		p.kill()
		<-w.done
		acked = w.acked.Load()
		p = start(t, dir)
		table, err := p.Table(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// The order under way at the kill may or may not have been kept.
		if table.Generation != acked && table.Generation != acked+1 {
			t.Fatalf("generation %d after the restart, acknowledged was %d", table.Generation, acked)
		}
		acked = table.Generation
		expect(t, addr, texts[(acked+1)%2])
	}
}

// The table of this test takes several writes of a page; killed at each step of
// keeping it, the proxy comes back with the table before or the new one.
func TestKilledAtEveryWriteOfItsStateTheProxyComesBackWithAWholeTable(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	one, two := large(service("shop", addr, says(t, "one"))), large(service("shop", addr, says(t, "two")))
	p := start(t, dir)
	put(t, p.Client, one)
	p.kill()
	steps := map[string]bool{}
	for n := 1; ; n++ {
		p := start(t, dir, stepEnv+"="+strconv.Itoa(n))
		_, body := ask(t, addr)
		want := map[string]*route.Service{"one": two, "two": one}[body]
		if want == nil {
			t.Fatalf("before step %d users are answered %q", n, body)
		}
		before, err := p.Table(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Change(t.Context(), admin.Change{Generation: before.Generation, Fence: 1, App: "shop", Service: want})
		if err == nil { // all steps are done
			break
		}
		p.cmd.Wait()
		steps[strings.TrimSpace(p.out.String()[strings.Index(p.out.String(), "dies at: "):])] = true
		p = start(t, dir)
		after, err := p.Table(t.Context())
		if err != nil || after.Generation < before.Generation || after.Generation > before.Generation+1 {
			t.Fatalf("step %d: generation %d became %d, %v", n, before.Generation, after.Generation, err)
		}
		if status, body := ask(t, addr); status != 200 || body != "one" && body != "two" {
			t.Fatalf("step %d: users are answered %d %q", n, status, body)
		}
		// The order in force, repeated, completes it: the next process begins
		// with every file as it should be.
		in := after.Services[0]
		if _, err := p.Change(t.Context(), admin.Change{Generation: after.Generation, Fence: 1, App: "shop", Service: &in}); err != nil {
			t.Fatal(err)
		}
		p.kill()
	}
	if len(steps) != 17 {
		t.Errorf("killed at %d different steps, want 3 of the slot and 7 of each copy: %v", len(steps), steps)
	}
}

// large gives s enough instances that its table is longer than one write.
func large(s *route.Service) *route.Service {
	for i := range 80 {
		s.Route.Sides.Green.Endpoints = append(s.Route.Sides.Green.Endpoints, release.Endpoint{ID: strconv.Itoa(i), Addr: "127.0.0.1:" + strconv.Itoa(20000+i)})
	}
	return s
}

// writer changes the service again and again until the proxy is gone.
type writer struct {
	client   *admin.Client
	addr     string
	backends [2]string
	acked    atomic.Uint64 // the last generation that was acknowledged
	done     chan struct{}
}

func (w *writer) write() {
	defer close(w.done)
	for {
		from := w.acked.Load()
		s := service("shop", w.addr, w.backends[from%2])
		out, err := w.client.Change(context.Background(), admin.Change{Generation: from, Fence: 1, App: "shop", Service: s})
		if err != nil {
			return
		}
		w.acked.Store(out.Generation)
	}
}

func TestATornTableIsServedFromTheLastGoodCopyAndSaidSo(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := start(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "here")))
	p.kill()
	tear(t, filepath.Join(dir, "table.json"))
	p = start(t, dir)
	expect(t, addr, "here")
	if h, err := p.Health(t.Context()); err != nil || !strings.Contains(h.Notice, "last good copy") {
		t.Errorf("health %+v, %v", h, err)
	}
}

func TestWithoutAnyGoodTableTheProxyRefusesToStart(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	p := start(t, dir)
	put(t, p.Client, service("shop", address(), says(t, "here")))
	p.kill()
	tear(t, filepath.Join(dir, "table.json"))
	if err := os.WriteFile(filepath.Join(dir, "table.copy.json"), []byte(`{"name":"somebody else's"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := launch(t, dir).fail(); !strings.Contains(said, "restore one of the files") {
		t.Errorf("it said %q", said)
	}
}

func tear(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
}

func TestASecondProxyOnTheSameStateIsRefusedAndTheFirstGoesOn(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := start(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "first")))
	if said := launch(t, dir).fail(); !strings.Contains(said, "another proxy uses this folder") {
		t.Errorf("it said %q", said)
	}
	expect(t, addr, "first")
	if h, err := p.Health(t.Context()); err != nil || h.PID != p.cmd.Process.Pid {
		t.Errorf("the socket belongs to %+v, %v", h, err)
	}
}

func TestASignalEndsTheProxyWell(t *testing.T) {
	t.Parallel()
	p := start(t, stateDir(t))
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.out)
	}
}
