package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/release"
)

// childEnv makes the test binary a proxy on the folder it names.
const childEnv = "CUTOVER_TEST_PROXY_STATE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		if err := proxy.Run(ctx, proxy.Options{StateDir: dir, Logger: log, Drain: 2 * time.Second}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// newProcess is a proxy that runs in a process of its own once Ensure is
// called, and is gone when the test ends.
func newProcess(t *testing.T) *Process {
	t.Helper()
	dir, err := os.MkdirTemp("", "cutover")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	state := filepath.Join(dir, "p")
	p := &Process{
		Command: []string{os.Args[0]},
		Env:     []string{childEnv + "=" + state},
		Client:  admin.NewClient(proxy.SocketIn(state)),
		LogPath: filepath.Join(dir, "log", "proxy.log"),
	}
	t.Cleanup(func() { kill(t, p) })
	return p
}

func ensure(t *testing.T, p *Process) admin.Health {
	t.Helper()
	h, err := p.Ensure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// kill is kill -9; it returns when the process is gone.
func kill(t *testing.T, p *Process) {
	t.Helper()
	h, err := p.Client.Health(context.Background())
	if err != nil {
		return
	}
	if err := syscall.Kill(h.PID, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	eventually(t, func() bool { return syscall.Kill(h.PID, 0) != nil }, func() any { return "the proxy lives" })
}

func eventually(t *testing.T, ok func() bool, state func() any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("did not come about: %+v", state())
		case <-tick.C:
		}
	}
}

// address is one of the sixteen million of this machine, so that no other
// test has it.
func address() string {
	return fmt.Sprintf("127.%d.%d.%d:%d", 1+rand.N(250), rand.N(250), 1+rand.N(250), 10000+rand.N(20000))
}

func order(app string, fence uint64, r release.Route) release.RouteOrder {
	return release.RouteOrder{Stamp: release.Stamp{App: app, Fence: fence}, Route: r}
}
