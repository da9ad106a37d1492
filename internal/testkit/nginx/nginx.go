// Package nginx runs a real nginx of a test's own, set up as docs/fronts.md
// says.
package nginx

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/testkit"
)

// Server is an nginx with a folder of its own. It is gone when the test ends.
type Server struct {
	t testing.TB
	// Dir holds everything; Config is the main file, File cutover's own, Log
	// the log of requests and PID the number of the master process.
	Dir, Config, File, Log, PID string
	// Listen is where users connect, Proof where the workers are asked.
	Listen, Proof string
}

// Starter is what stands in cutover's file before the first release.
const Starter = "# cutover: nothing is served yet\nmap \"\" $cutover_shop { default \"\"; }\nlog_format cutover_shop \"\";\n"

// Start runs one for an app called shop.
func Start(t testing.TB) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{
		t: t, Dir: dir, Config: filepath.Join(dir, "nginx.conf"), File: filepath.Join(dir, "shop.conf"),
		Log: filepath.Join(dir, "shop.log"), PID: filepath.Join(dir, "nginx.pid"),
		Listen: testkit.FreeAddr(t), Proof: testkit.FreeAddr(t),
	}
	s.Configure("")
	if err := os.WriteFile(s.File, []byte(Starter), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	s.Run()
	return s
}

// Configure writes the main file, with more in its http part.
func (s *Server) Configure(more string) {
	s.t.Helper()
	s.write("include " + s.File + ";\n" + more)
}

// Exclude writes the main file without cutover's own.
func (s *Server) Exclude() {
	s.t.Helper()
	s.write("map \"\" $cutover_shop { default \"\"; }\nlog_format cutover_shop \"\";\n")
}

// write writes the main file with a server for the app.
func (s *Server) write(http string) {
	s.t.Helper()
	s.Only(http + strings.NewReplacer("LISTEN", s.Listen, "LOG", s.Log).Replace(`
	server {
		listen LISTEN;
		location / {
			proxy_pass http://$cutover_shop;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			access_log LOG cutover_shop;
		}
	}
`))
}

// Only writes the main file with nothing but this in its http part.
func (s *Server) Only(http string) {
	s.t.Helper()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n"
	}
	text := user + strings.NewReplacer("DIR", s.Dir, "HTTP", http).Replace(`worker_processes 2;
daemon off;
pid DIR/nginx.pid;
error_log DIR/error.log info;
worker_shutdown_timeout 120s;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path DIR/t1; proxy_temp_path DIR/t2; fastcgi_temp_path DIR/t3; uwsgi_temp_path DIR/t4; scgi_temp_path DIR/t5;
	HTTP
}
`)
	if err := os.WriteFile(s.Config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Run starts it and returns when it serves.
func (s *Server) Run() {
	s.t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/nginx")
	}
	if err != nil {
		s.t.Fatal("nginx is not installed: scripts/deps installs the package nginx")
	}
	out, err := os.Create(filepath.Join(s.Dir, "output"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(program, "-c", s.Config, "-p", s.Dir)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	testkit.Await(s.t, "nginx with its workers", func() bool {
		select {
		case <-ended:
			said, _ := os.ReadFile(out.Name())
			s.t.Fatalf("nginx ended: %s", said)
		default:
		}
		return s.Master() == cmd.Process.Pid && len(s.Workers()) == 2
	})
}

// Master is the number of the master process, 0 if none runs.
func (s *Server) Master() int {
	text, err := os.ReadFile(s.PID)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || !s.mine(pid) {
		return 0
	}
	return pid
}

// Workers are the numbers of the worker processes, also of those that are
// leaving or have lost their master.
func (s *Server) Workers() []int {
	all, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, path := range all {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil || !s.mine(pid) {
			continue
		}
		text, _ := os.ReadFile(path + "/cmdline")
		if strings.HasPrefix(string(text), "nginx: worker") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// mine reports whether a process belongs to this nginx: it has its log open.
func (s *Server) mine(pid int) bool {
	title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if !strings.HasPrefix(string(title), "nginx: ") {
		return false
	}
	to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", pid))
	return err == nil && strings.HasPrefix(to, s.Dir+"/")
}

// KillMaster is kill -9 of the master process alone; the workers go on.
func (s *Server) KillMaster() {
	if pid := s.Master(); pid > 0 {
		s.end(pid)
	}
}

// Kill is kill -9 of all its processes.
func (s *Server) Kill() {
	s.KillMaster()
	for _, pid := range s.Workers() {
		s.end(pid)
	}
}

func (s *Server) end(pid int) {
	_ = syscall.Kill(pid, syscall.SIGKILL)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.mine(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Errorf("process %d of nginx does not end", pid)
			return
		}
	}
}
