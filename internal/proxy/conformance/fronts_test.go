package conformance

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
	"cutover/internal/testkit/authority"
)

// childEnv makes the test binary a proxy on the folder it names.
const childEnv = "CUTOVER_TEST_CONFORMANCE_STATE"

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
	if err := proxy.Run(ctx, proxy.Options{StateDir: dir, Logger: log, Version: "test", Drain: time.Second}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// front is a proxy process before a backend.
type front struct {
	name, addr string
	pid        int
	// tls is how to speak to it, nil for plain text.
	tls *tls.Config
}

func (f *front) dial() (net.Conn, error) {
	if f.tls != nil {
		return tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", f.addr, f.tls)
	}
	return net.Dial("tcp", f.addr)
}

// oursByTLS starts the proxy with TLS before the app.
func oursByTLS(t *testing.T, app string) *front {
	t.Helper()
	ca := authority.New(t, "ca")
	cert, key := ca.Issue(t, nil, "shop").Write(t, t.TempDir(), "shop")
	f := ours(t, app, func(f *release.Front) { f.TLS = &release.TLS{Certificate: cert, Key: key} })
	f.tls = &tls.Config{RootCAs: ca.Pool(), ServerName: "shop", NextProtos: []string{"http/1.1"}}
	return f
}

// ours starts the proxy. adapt, if any, changes how the app is served.
func ours(t *testing.T, app string, adapt func(*release.Front)) *front {
	t.Helper()
	dir, err := os.MkdirTemp("", "cutover") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	state := filepath.Join(dir, "p")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+state)
	pid := start(t, cmd)
	client := admin.NewClient(proxy.SocketIn(state))
	await(t, "the proxy to start", func() bool {
		_, err := client.Health(t.Context())
		return err == nil
	})
	s := &route.Service{App: "shop"}
	s.Route.Front = release.Front{Listen: address(), Path: "/"}
	s.Route.Salt = "r1"
	s.Route.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{{ID: "1", Addr: app}}}
	if adapt != nil {
		adapt(&s.Route.Front)
	}
	if _, err := client.Change(t.Context(), admin.Change{Fence: 1, App: s.App, Service: s}); err != nil {
		t.Fatal(err)
	}
	return &front{name: "cutover", addr: s.Route.Front.Listen, pid: pid}
}

const nginxConf = `
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
	map $http_upgrade $wanted { default upgrade; '' ''; }
	upstream app { server %s; keepalive 8; }
	server {
		listen %s;
		merge_slashes off;
		underscores_in_headers on;
		large_client_header_buffers 4 64k;
		client_max_body_size 0;
		lingering_close off;
		location / {
			proxy_pass http://app;
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $wanted;
			proxy_buffering off;
			proxy_request_buffering off;
		}
	}
}
`

// nginx starts the oracle as this very user, with nothing outside its folder.
func nginx(t *testing.T, app string) *front {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // Debian keeps it where only root's PATH leads
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("nginx is missing, run scripts/deps or install the package nginx: %v", err)
	}
	dir, addr := t.TempDir(), address()
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), fmt.Appendf(nil, nginxConf, app, addr), 0o600); err != nil {
		t.Fatal(err)
	}
	pid := start(t, exec.Command(path, "-p", dir, "-c", "nginx.conf", "-e", "error.log"))
	await(t, "nginx to start", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return &front{name: "nginx", addr: addr, pid: pid}
}

func start(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, out.String())
		}
	})
	return cmd.Process.Pid
}

// address is one of the sixteen million of this machine, so that no other
// test has it.
func address() string {
	return fmt.Sprintf("127.%d.%d.%d:%d", 1+rand.N(250), rand.N(250), 1+rand.N(250), 10000+rand.N(20000))
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// patience bounds every wait; nothing takes that long unless it is broken.
const patience = 5 * time.Minute
