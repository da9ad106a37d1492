// Package redis starts real Redis servers for tests.
package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/testkit"
)

// Server is a server of one test. It ends with the test.
type Server struct {
	Addr string
	t    testing.TB
	// program, args and dir are what Run starts, out is what all of it said.
	program string
	args    []string
	dir     string
	out     *strings.Builder
	cmd     *exec.Cmd
}

// Start starts a server on a port of its own with settings such as
// "--requirepass", "geheim".
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	addr := testkit.FreeAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	return launch(t, addr, append([]string{"--port", port, "--bind", host, "--replica-announce-ip", host, "--repl-diskless-sync-delay", "0", "--save", "", "--appendonly", "no"}, settings...))
}

// StartTLS starts a server that speaks nothing but TLS.
func StartTLS(t testing.TB, authorities, certificate, key string) *Server {
	t.Helper()
	addr := testkit.FreeAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	return launch(t, addr, []string{"--port", "0", "--tls-port", port, "--bind", host, "--save", "", "--tls-auth-clients", "no",
		"--tls-ca-cert-file", authorities, "--tls-cert-file", certificate, "--tls-key-file", key})
}

// StartSentinel starts a sentinel that watches a master under a name.
func StartSentinel(t testing.TB, name string, master *Server) *Server {
	t.Helper()
	addr := testkit.FreeAddr(t)
	own, port, _ := net.SplitHostPort(addr)
	host, at, _ := net.SplitHostPort(master.Addr)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind %s\nsentinel monitor %s %s %s 1\nsentinel down-after-milliseconds %s 500\nsentinel failover-timeout %s 5000\n", port, own, name, host, at, name, name)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return launch(t, addr, []string{config, "--sentinel"})
}

func launch(t testing.TB, addr string, args []string) *Server {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; scripts/deps installs redis-server", err)
	}
	s := &Server{Addr: addr, t: t, program: program, args: args, dir: t.TempDir(), out: &strings.Builder{}}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Log(s.out.String())
		}
	})
	s.Run()
	return s
}

// Run starts it again after Kill, with what it has on its disk.
func (s *Server) Run() {
	s.t.Helper()
	s.cmd = exec.Command(s.program, s.args...)
	s.cmd.Dir = s.dir
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("start Redis: %v", err)
	}
	testkit.Await(s.t, "Redis to listen", func() bool {
		c, err := net.Dial("tcp", s.Addr)
		return err == nil && c.Close() == nil
	})
}

// Kill ends the server at once. Again is harmless.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Do sends one command without TLS and returns the first line of the answer,
// or the text of a string.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	c, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.t.Fatalf("reach Redis: %v", err)
	}
	defer c.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := c.Write([]byte(b.String())); err != nil {
		s.t.Fatalf("ask Redis: %v", err)
	}
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	if err != nil {
		s.t.Fatalf("hear Redis: %v", err)
	}
	if line = strings.TrimSpace(line); strings.HasPrefix(line, "$") && line != "$-1" {
		n, err := strconv.Atoi(line[1:])
		if err != nil {
			s.t.Fatalf("hear Redis: %v", err)
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(r, text); err != nil {
			s.t.Fatalf("hear Redis: %v", err)
		}
		return string(text)
	}
	return strings.TrimLeft(line, ":+")
}
