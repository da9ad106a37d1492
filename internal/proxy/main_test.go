package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// childEnv makes the test binary a proxy on the folder it names.
const childEnv = "CUTOVER_TEST_PROXY_STATE"

// takeoverEnv makes that proxy take over from the one that runs, stageEnv has
// it killed at a stage of a takeover.
const (
	takeoverEnv = "CUTOVER_TEST_TAKEOVER"
	stageEnv    = "CUTOVER_TEST_STAGE"
	// stepEnv has it killed at the n-th step of keeping its table.
	stepEnv = "CUTOVER_TEST_STEP"
)

// dieAfter is kill -9 at the n-th step.
func dieAfter(n int) func(file, step string) {
	return func(file, step string) {
		if n--; n == 0 {
			fmt.Fprintf(os.Stderr, "dies at: %s of %s\n", step, file)
			dieAt(step)(step)
		}
	}
}

// dieAt is kill -9 at a stage.
func dieAt(stage string) func(string) {
	return func(at string) {
		if at == stage {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

func child(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	o := Options{StateDir: dir, Logger: log, Version: "test", Drain: 5 * time.Second, Linger: 3 * time.Second}
	o.Takeover = os.Getenv(takeoverEnv) != ""
	o.atStage = dieAt(os.Getenv(stageEnv))
	if n, err := strconv.Atoi(os.Getenv(stepEnv)); err == nil {
		o.atWrite = dieAfter(n)
	}
	if err := Run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is a proxy in a process of its own.
type process struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
	out *bytes.Buffer
	*admin.Client
}

// stateDir is short enough for a socket and gone after the test.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cutover")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "p")
}

func launch(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	p := &process{t: t, dir: dir, Client: admin.NewClient(SocketIn(dir)), out: &bytes.Buffer{}}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(append(os.Environ(), childEnv+"="+dir), env...)
	p.cmd.Stderr = p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

func start(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	p := launch(t, dir, env...)
	eventually(t, func() bool {
		_, err := p.Health(t.Context())
		return err == nil
	}, func() any { return "the proxy is not up" })
	return p
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// fail waits for a proxy that cannot start and returns what it said.
func (p *process) fail() string {
	p.t.Helper()
	if err := p.cmd.Wait(); err == nil {
		p.t.Fatal("the proxy ended well")
	}
	return p.out.String()
}

// running is a proxy in this process.
type running struct {
	*admin.Client
	dir  string
	stop func() error
}

func run(t *testing.T, dir string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, Options{StateDir: dir, Version: "test", Drain: 5 * time.Second}) }()
	r := &running{dir: dir, Client: admin.NewClient(SocketIn(dir))}
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { r.stop() })
	eventually(t, func() bool {
		_, err := r.Health(t.Context())
		return err == nil
	}, func() any { return "the proxy is not up" })
	return r
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

func backend(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	b := httptest.NewServer(h)
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
	return strings.TrimPrefix(b.URL, "http://")
}

func says(t *testing.T, text string) string {
	return backend(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, text) })
}

func service(app, listen, blue string) *route.Service {
	s := &route.Service{App: app}
	s.Route.Front = release.Front{Listen: listen, Path: "/"}
	s.Route.Salt = "r1"
	s.Route.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{{ID: "1", Addr: blue}}}
	return s
}

// put puts s at whatever generation the table has, as fence 1.
func put(t *testing.T, c *admin.Client, s *route.Service) {
	t.Helper()
	table, err := c.Table(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Change(t.Context(), admin.Change{Generation: table.Generation, Fence: 1, App: s.App, Service: s}); err != nil {
		t.Fatal(err)
	}
}

// ask sends one request over a connection of its own.
func ask(t *testing.T, addr string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Minute}
	res, err := client.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func expect(t *testing.T, addr, want string) {
	t.Helper()
	if status, body := ask(t, addr); status != 200 || body != want {
		t.Fatalf("%s answered %d %q, want %q", addr, status, body, want)
	}
}

// raw sends bytes to the admin socket as they are.
func raw(t *testing.T, dir, method, path, body string, header ...string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", SocketIn(dir))
	}}}
	r, _ := http.NewRequest(method, "http://proxy"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}
