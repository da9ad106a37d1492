// Package dockerd gives tests a real Docker daemon of their own: private
// folders, a private socket and a private bridge, started from the programs
// installed on this machine, gone without a trace when the tests end. It needs
// root, and touches no firewall: ports are published by Docker's own proxy.
//
// A package shares one daemon among its tests:
//
//	var docker dockerd.Server
//
//	func TestMain(m *testing.M) { testkit.Main(m, nil, docker.Stop) }
//
//	func TestSomething(t *testing.T) { socket := docker.Socket(t) }
package dockerd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds everything that is waited for.
const patience = 5 * time.Minute

// Server is a private daemon, started when a test first needs it. The zero
// Server is ready for use.
type Server struct {
	// Settings are more of the daemon's flags, such as --live-restore.
	Settings []string

	mu      sync.Mutex
	tried   bool
	swarm   bool
	failed  error
	dir     string
	bridge  *bridge
	process *exec.Cmd
	ended   chan struct{}
	client  *http.Client
}

// Socket returns the daemon's address, after starting it if need be. A daemon
// that cannot be started fails the test, with the end of its log.
func (s *Server) Socket(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tried {
		s.tried = true
		if s.failed = s.start(); s.failed != nil {
			s.stop()
		}
	}
	if s.failed != nil {
		t.Fatalf("start a Docker daemon for the tests (they need root, and the Debian packages docker.io and iproute2): %v", s.failed)
	}
	return s.address()
}

func (s *Server) address() string { return "unix://" + s.file("docker.sock") }

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) start() (err error) {
	program, err := find("dockerd")
	if err != nil {
		return err
	}
	// The path of a socket has little room.
	if s.dir, err = os.MkdirTemp("", "ctd"); err != nil {
		return err
	}
	if s.bridge, err = newBridge(); err != nil {
		return err
	}
	if err := os.WriteFile(s.file("none.json"), []byte("{}"), 0o600); err != nil {
		return err
	}
	s.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", s.file("docker.sock"))
	}}}
	return s.run(program)
}

// run starts the program in its folders and returns when it answers.
func (s *Server) run(program string) error {
	log, err := os.OpenFile(s.file("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = exec.Command(program, append([]string{"--data-root", s.file("root"), "--exec-root", s.file("exec"), "--pidfile", s.file("pid"),
		"--host", s.address(), "--storage-driver", "vfs", "--bridge", s.bridge.name, "--exec-opt", "native.cgroupdriver=cgroupfs",
		"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--config-file", s.file("none.json")}, s.Settings...)...)
	s.process.Stdout, s.process.Stderr = log, log
	s.process.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if err := s.launch(); err != nil {
		return err
	}
	return s.await()
}

// launch starts the daemon, which ends with the tests even if they are killed.
// The kernel ties the life of a child to the thread that made it, hence the
// goroutine that keeps its own.
func (s *Server) launch() error {
	s.process.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(ended)
		err := s.process.Start()
		started <- err
		if err == nil {
			_ = s.process.Wait() // its log says how it ended
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.ended = ended
	return nil
}

// await returns when the daemon answers.
func (s *Server) await() error {
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if res, err := s.client.Get("http://docker/_ping"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.ended:
			return fmt.Errorf("dockerd ended: %s", s.lastWords())
		case <-deadline:
			return fmt.Errorf("dockerd does not answer: %s", s.lastWords())
		case <-tick.C:
		}
	}
}

func (s *Server) lastWords() string {
	log, err := os.ReadFile(s.file("log"))
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-2000):])
}

// Kill ends the daemon by SIGKILL, and returns when it is gone. What becomes of
// its containers is its own affair.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		_ = s.process.Process.Kill()
		<-s.ended
		s.bury()
	}
}

// bury waits for the end of the daemon's containerd, which the kernel kills with
// it, and takes its number away: the next daemon would take a dead process that
// init has not got round to for a living one.
func (s *Server) bury() {
	path := filepath.Join(s.file("exec"), "containerd", "containerd.pid")
	number, err := os.ReadFile(path)
	if err != nil {
		return
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(number)) + "/stat")
		if err != nil || strings.HasPrefix(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " Z") {
			_ = os.Remove(path)
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			return
		}
	}
}

// Run starts the daemon again after Kill, and returns when it answers.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client.CloseIdleConnections()
	if err := s.run(s.process.Path); err != nil {
		t.Fatalf("start the Docker daemon again: %v", err)
	}
}

// Stop ends the daemon with all its containers and removes everything. It is
// called once, when all tests have ended.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

func (s *Server) stop() {
	if s.ended != nil {
		select {
		case <-s.ended:
			// It explains what else has failed.
			fmt.Fprintf(os.Stderr, "dockerd ended by itself: %s\n", s.lastWords())
		default:
		}
		s.clear()
		_ = s.process.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.ended:
		case <-time.After(patience):
			_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
			<-s.ended
		}
		s.ended = nil
	}
	if s.bridge != nil {
		s.bridge.remove()
		s.bridge = nil
	}
	if s.dir != "" {
		if err := errors.Join(unmountBelow(s.dir), os.RemoveAll(s.dir)); err != nil {
			fmt.Fprintf(os.Stderr, "clear up after the Docker daemon: %v\n", err)
		}
		s.dir = ""
	}
	s.tried, s.failed = true, errors.New("it was stopped")
}

// clear removes all containers: with live-restore they would outlive the
// daemon. A daemon that does not answer any more has none that it could remove.
func (s *Server) clear() {
	answer, err := s.do(http.MethodGet, "/containers/json?all=1", "", nil)
	if err != nil {
		return
	}
	var list []struct{ ID string }
	if err := json.Unmarshal(answer, &list); err != nil {
		return
	}
	for _, c := range list {
		_, _ = s.do(http.MethodDelete, "/containers/"+c.ID+"?force=1", "", nil)
	}
}

// unmountBelow lets go of what the daemon has left mounted in its folders.
func unmountBelow(dir string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var failed []error
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			failed = append(failed, syscall.Unmount(fields[4], syscall.MNT_DETACH))
		}
	}
	return errors.Join(failed...)
}

// find returns the path of a program, also where only root's PATH leads.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}
