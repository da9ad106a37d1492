// Package haproxy runs a real HAProxy of a test's own, set up as docs/fronts.md
// says.
package haproxy

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cutover/internal/testkit"
)

// Server is an HAProxy with a folder of its own. It is gone when the test ends.
type Server struct {
	t   testing.TB
	cmd *exec.Cmd
	// ended is closed when the process is gone.
	ended chan struct{}
	// Config is its file; Socket, Map and State are what cutover is told.
	Config, Socket, Map, State string
	// Listen is where users connect.
	Listen string
}

// Text is the configuration of docs/fronts.md for an app called shop.
const Text = `global
    stats socket SOCKET mode 600 level admin expose-fd listeners
    nbthread 2
    hard-stop-after 120s
defaults
    mode http
    timeout connect 5s
    timeout client 120s
    timeout server 120s
    timeout tunnel 1h
frontend shop
    bind LISTEN
    http-request set-var(txn.cutover_who) src
    http-request set-var(txn.cutover_who) req.cook(sid) if { req.cook(sid) -m found }
    http-request set-var(txn.cutover_salt) str(salt),map_str(MAP,-)
    http-request set-var(txn.cutover_green) str(green),map_str(MAP,0),add(0)
    http-request set-var(txn.cutover_at) var(txn.cutover_salt),concat(:,txn.cutover_who),xxh32,mod(10000),sub(txn.cutover_green)
    use_backend shop_green if { var(txn.cutover_at) -m int lt 0 }
    default_backend shop_blue
backend shop_blue
    server-state-file-name STATE
    load-server-state-from-file local
    server-template blue 1-6 127.0.0.1:9 disabled
backend shop_green
    server-state-file-name STATE
    load-server-state-from-file local
    server-template green 1-6 127.0.0.1:9 disabled
`

// Start runs one for an app called shop.
func Start(t testing.TB) *Server {
	t.Helper()
	// Not t.TempDir(): the path of a socket must be short.
	dir, err := os.MkdirTemp("", "hap")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{
		t: t, Config: filepath.Join(dir, "haproxy.cfg"), Socket: filepath.Join(dir, "s"), Map: filepath.Join(dir, "shop.map"),
		State: filepath.Join(dir, "shop.state"), Listen: testkit.FreeAddr(t),
	}
	s.Configure(s.Text())
	for _, path := range []string{s.Map, s.State} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(s.Kill)
	s.Run()
	return s
}

// Configure writes its file, which it reads at its next start.
func (s *Server) Configure(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.Config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Text is what its file has at first.
func (s *Server) Text() string {
	return strings.NewReplacer("SOCKET", s.Socket, "LISTEN", s.Listen, "MAP", s.Map, "STATE", s.State).Replace(Text)
}

// Run starts it and returns when it serves.
func (s *Server) Run() {
	s.t.Helper()
	s.run()
}

// Reload starts another one in its place, as `systemctl reload` does: the one
// before takes no connections any more and finishes what it has.
func (s *Server) Reload() {
	s.t.Helper()
	before, ended := s.cmd, s.ended
	s.t.Cleanup(func() {
		_ = before.Process.Kill()
		<-ended
	})
	s.run("-x", s.Socket, "-sf", pid(before))
}

func (s *Server) run(more ...string) {
	s.t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/haproxy")
	}
	if err != nil {
		s.t.Fatal("haproxy is not installed: scripts/deps installs the package haproxy")
	}
	out, err := os.Create(s.Config + ".output")
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(program, append([]string{"-db", "-f", s.Config}, more...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	s.cmd, s.ended = cmd, ended
	testkit.Await(s.t, "HAProxy", func() bool {
		select {
		case <-ended:
			said, _ := os.ReadFile(out.Name())
			s.t.Fatalf("HAProxy ended: %s", said)
		default:
		}
		return s.serves(pid(cmd))
	})
}

func pid(cmd *exec.Cmd) string { return strconv.Itoa(cmd.Process.Pid) }

// serves reports whether the process of this number answers on the socket.
func (s *Server) serves(pid string) bool {
	c, err := net.Dial("unix", s.Socket)
	if err != nil {
		return false
	}
	defer c.Close()
	if _, err := c.Write([]byte("show info\n")); err != nil {
		return false
	}
	var text strings.Builder
	buf := make([]byte, 8192)
	for {
		n, err := c.Read(buf)
		text.Write(buf[:n])
		if err != nil {
			return strings.Contains(text.String(), "\nPid: "+pid+"\n")
		}
	}
}

// Kill is kill -9; it returns when the process is gone.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
}
