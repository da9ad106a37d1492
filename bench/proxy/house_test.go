package proxy

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/traffic/embedded"
)

const (
	proxyCore  = "0"
	clientCore = "1"
)

// need returns where programs are; packages says where they come from.
func need(b *testing.B, programs ...string) {
	b.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			b.Fatalf("%s is missing: install it, on Debian or Ubuntu with: sudo apt-get install %s", p, map[string]string{"taskset": "util-linux"}[p]+p)
		}
	}
}

// run keeps a program on one core until the benchmark ends.
func run(b *testing.B, core string, command ...string) {
	b.Helper()
	var said bytes.Buffer
	cmd := exec.Command("taskset", append([]string{"-c", core}, command...)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it and its workers; they may have ended
		_ = cmd.Wait()
		if b.Failed() {
			b.Logf("%s said: %s", command[0], said.String())
		}
	})
}

// write puts a file into a folder of the benchmark.
func write(b *testing.B, dir, name, text string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

const nginxFrame = `daemon off;
worker_processes 1;
pid %[1]s/%[2]s.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  keepalive_requests 100000000;
  %[3]s
}
`

func nginx(b *testing.B, dir, name, core, http string) {
	b.Helper()
	run(b, core, "nginx", "-p", dir, "-c", write(b, dir, name+".conf", fmt.Sprintf(nginxFrame, dir, name, http)))
}

// startBackend answers everything with 1 KB.
func startBackend(b *testing.B, dir string) string {
	b.Helper()
	addr := testkit.FreeAddr(b)
	nginx(b, dir, "backend", clientCore, fmt.Sprintf("server { listen %s; location / { return 200 %q; } }", addr, strings.Repeat("x", 1024)))
	return await(b, addr)
}

func startNginx(b *testing.B, dir, backend string) string {
	b.Helper()
	addr := testkit.FreeAddr(b)
	nginx(b, dir, "front", proxyCore, fmt.Sprintf(`upstream app { server %s; keepalive 128; keepalive_requests 100000000; }
  server { listen %s; location / {
    proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host; } }`, backend, addr))
	return await(b, addr)
}

func startHAProxy(b *testing.B, dir, backend string) string {
	b.Helper()
	addr := testkit.FreeAddr(b)
	run(b, proxyCore, "haproxy", "-db", "-f", write(b, dir, "haproxy.cfg", fmt.Sprintf(`global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend front
  bind %s
  default_backend app
backend app
  server one %s
`, addr, backend)))
	return await(b, addr)
}

func startCutover(b *testing.B, backend string) string {
	b.Helper()
	binary := os.Getenv("CUTOVER_BINARY")
	if binary == "" {
		b.Fatal("CUTOVER_BINARY has to name the program: run make bench-proxy")
	}
	state, err := os.MkdirTemp("", "cutover-bench-") // the paths of sockets must be short
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(state) })
	run(b, proxyCore, binary, "proxy", "--state", state)
	client := admin.NewClient(filepath.Join(state, "proxy", "proxy.sock"))
	testkit.Await(b, "the data plane", func() bool {
		_, err := client.Health(b.Context())
		return err == nil
	})
	r := release.Route{Front: release.Front{Listen: testkit.FreeAddr(b), Path: "/"}, Salt: "bench"}
	r.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{{ID: "1", Addr: backend}}}
	order := release.RouteOrder{Stamp: release.Stamp{App: "street", Fence: 1}, Route: r}
	if err := (&embedded.Router{Client: client}).Route(b.Context(), order); err != nil {
		b.Fatal(err)
	}
	return await(b, r.Front.Listen)
}

func await(b *testing.B, addr string) string {
	b.Helper()
	testkit.Await(b, "somebody on "+addr, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr
}
