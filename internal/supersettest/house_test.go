//go:build superset

// Package superset_test upgrades a real Apache Superset and takes it back,
// with users on it. `make test-superset` runs it.
package superset_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/testkit/nginx"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

// patience bounds every wait: Superset takes 15 s of a core to start.
const patience = 20 * time.Minute

// house is where Superset lives: databases, files, environment.
type house struct {
	t                                     *testing.T
	hop                                   hop
	folder, state, cache                  string
	program, listen, redisHost, redisPort string
	database                              string
	// traffic is the app's traffic, as its file has it.
	traffic string
}

func newHouse(t *testing.T, hop hop) *house {
	t.Helper()
	cache := os.Getenv("CUTOVER_SUPERSET")
	if cache == "" {
		t.Fatal("CUTOVER_SUPERSET does not say where Superset is installed: run make test-superset")
	}
	base, err := os.MkdirTemp("/tmp", "cut")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, hop: hop, folder: t.TempDir(), state: filepath.Join(base, "s"), cache: cache, listen: testkit.FreeAddr(t)}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	h.program = filepath.Join(h.folder, "cutover")
	h.sh(nil, "go", "build", "-o", h.program, "cutover/cmd/cutover")
	h.database = strings.Replace(pg.NewDatabase(t), "postgres:///", "postgresql:///", 1)
	h.database = loopback(t, h.database)
	h.psql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET log_lock_waits = on', current_database()); END $$")
	h.redis()
	h.front()
	h.lay()
	return h
}

// loopback writes an address over a socket as one over TCP, as Superset's own
// forms do.
func loopback(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(strings.TrimSuffix(pg.LoopbackDSN(strings.TrimPrefix(u.Path, "/")), "?sslmode=disable"), "postgres:", "postgresql:", 1)
}

func (h *house) redis() {
	h.t.Helper()
	host, port, err := net.SplitHostPort(testkit.FreeAddr(h.t))
	if err != nil {
		h.t.Fatal(err)
	}
	h.redisHost, h.redisPort = host, port
	cmd := exec.Command("redis-server", "--port", port, "--bind", host, "--save", "", "--dir", h.folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		h.t.Fatalf("start redis-server: %v; install it: apt-get install redis-server", err)
	}
	h.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// front is what the users meet.
func (h *house) front() {
	h.traffic = fmt.Sprintf("traffic: {listen: %q}", h.listen)
	if !h.hop.nginx {
		return
	}
	s := nginx.StartFor(h.t, "superset")
	s.Kill()
	// A reload breaks idle connections under the request that follows on them;
	// a query of users may take longer than a minute.
	s.Configure("keepalive_timeout 0;\nproxy_read_timeout 10m;\nclient_max_body_size 100m;")
	s.Run()
	h.listen = s.Listen
	h.traffic = fmt.Sprintf("traffic:\n    driver: nginx\n    listen: %q\n    nginx: {file: %s, log: %s, proof: %q, config: %s, pid: %s}", s.Listen, s.File, s.Log, s.Proof, s.Config, s.PID)
}

// lay has the profile's files written, and puts this machine's places in.
func (h *house) lay() {
	h.t.Helper()
	h.must(0, "init", "--profile", "superset", "--from", h.hop.from, "--to", h.hop.to)
	paths, err := filepath.Glob(filepath.Join(h.folder, "*.*"))
	if err != nil || len(paths) < 10 {
		h.t.Fatalf("init wrote %v: %v", paths, err)
	}
	for _, path := range paths {
		h.write(filepath.Base(path), h.local(h.read(filepath.Base(path))))
	}
	h.write("smoke.password", "admin")
	to := h.hop.to
	for label, version := range map[string]string{h.hop.from: h.hop.from, to: to, to + "-key": to, to + "-chart": to, to + "-again": to} {
		if err := os.MkdirAll(h.folder+"/opt", 0o700); err != nil {
			h.t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(h.cache, version), filepath.Join(h.folder, "opt", label)); err != nil {
			h.t.Fatal(err)
		}
	}
}

// local replaces what a person would edit.
func (h *house) local(text string) string {
	return strings.NewReplacer(
		"/opt/superset", h.folder+"/opt", "/var/lib/superset", h.folder, `traffic: {listen: "127.0.0.1:8088"}`, h.traffic,
		`"6379"`, `"`+h.redisPort+`"`, `"127.0.0.1:6379"`, `"`+h.redisHost+":"+h.redisPort+`"`, "SUPERSET_REDIS_HOST: 127.0.0.1", "SUPERSET_REDIS_HOST: "+h.redisHost,
		"replicas: 2", "replicas: 1", "within: 10m", "within: 15m",
		// What waits for evidence and people in real life.
		"type: canary, steps: [10%, 50%, 100%], hold: {atLeast: 5m, atLeastRequests: 200, atMost: 2h}, soak: 30m",
		"type: blue-green, hold: {atLeast: 15s, atLeastRequests: 10}, soak: {atLeast: 15s, atLeastRequests: 10}",
		"  ready: {within: 10m}\n  # Users find", "  guard: {slower: any, minRequests: 10}\n  ready: {within: 15m}\n  # Users find",
		// On a machine where a core is shared by twenty, a probe takes long.
		"timeout: 20s, failures: 6", "timeout: 60s, failures: 6", "timeout: 30s, failures: 4", "timeout: 2m, failures: 10", "timeout: 2m, retries: 1", "timeout: 5m, retries: 1",
	).Replace(text)
}

func (h *house) write(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.folder, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// psql runs SQL on Superset's database and returns what it says.
func (h *house) psql(sql string) string {
	h.t.Helper()
	return strings.TrimSpace(h.sh(nil, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", strings.Replace(h.database, "postgresql:", "postgres:", 1), "-c", sql))
}

func (h *house) env() []string {
	return []string{"HOME=" + h.folder, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "CUTOVER_STATE=" + h.state,
		"SUPERSET_SECRET_KEY=" + secretKey, "OTHER_SECRET_KEY=another-" + secretKey, "SUPERSET_DATABASE_URI=" + h.database}
}

const secretKey = "a-key-of-the-test-that-is-long-enough-0123456789"

// sh runs a program to its end and demands that it ends well.
func (h *house) sh(env []string, args ...string) string {
	h.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// cutover runs cutover and returns its exit code and all it wrote.
func (h *house) cutover(args ...string) (int, string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.program, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = h.folder, h.env(), &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// must runs cutover and demands an exit code.
func (h *house) must(code int, args ...string) string {
	h.t.Helper()
	began := time.Now()
	got, out := h.cutover(args...)
	h.t.Logf("%s cutover %s: %d after %s\n%s", time.Now().Format("15:04:05"), strings.Join(args, " "), got, time.Since(began).Round(time.Second), out)
	if got != code {
		h.t.Fatalf("exit code %d, want %d:\n%s\n%s", got, code, out, h.said())
	}
	return out
}

func (h *house) client() *api.Client { return api.NewClient(filepath.Join(h.state, "control.sock")) }

func (h *house) view(name string) release.State {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	v, err := h.client().View(ctx, name)
	if err != nil {
		return release.State{}
	}
	return v.State
}

// await polls until a release is in a phase.
func (h *house) await(name string, phases ...release.Phase) release.State {
	h.t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		s := h.view(name)
		for _, p := range phases {
			if s.Phase == p {
				return s
			}
		}
		if s.Phase.Ended() {
			h.t.Fatalf("release %s is %s and never was %v: %s", name, s.Word(), phases, s.Reason)
		}
		select {
		case <-tick.C:
		case <-deadline:
			h.t.Fatalf("release %s is %s and never got to %v\n%s", name, s.Word(), phases, h.said())
		}
	}
}

// await polls until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("there never was %s", what)
		}
	}
}

// said is the end of what the instances and the controller wrote.
func (h *house) said() string {
	var b strings.Builder
	for _, pattern := range []string{"*.log", "*/*.log", "*/*/*.log", "*/*/*/*.log"} {
		logs, _ := filepath.Glob(filepath.Join(h.state, pattern))
		for _, path := range logs {
			text, _ := os.ReadFile(path)
			fmt.Fprintf(&b, "---- %s\n%s\n", path, text[max(0, len(text)-1500):])
		}
	}
	return b.String()
}

// down takes everything down.
func (h *house) down() {
	if code, out := h.cutover("down", "--yes"); code != 0 {
		h.t.Errorf("cutover down: %d: %s", code, out)
	}
}
