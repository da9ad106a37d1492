package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds a start. It only matters when something is broken.
const patience = 5 * time.Minute

// Server is a private PostgreSQL. The zero value starts, without fsync, when
// it is first used. Its methods may be called from several tests at once,
// but for Kill, Restart and Stop.
type Server struct {
	settings  Settings
	once      sync.Once
	err       error
	folder    string
	port      string
	owner     *syscall.Credential
	process   *process
	databases atomic.Int64
}

// New returns a running server for one test, which ends with it.
func New(t testing.TB, s Settings) *Server {
	t.Helper()
	server := &Server{settings: s}
	t.Cleanup(server.Stop)
	server.ready(t)
	return server
}

// ready starts a server that has not been used yet.
func (s *Server) ready(t testing.TB) {
	t.Helper()
	s.once.Do(func() { s.err = s.setUp() })
	if s.err != nil {
		t.Fatal(s.err)
	}
}

// DSN returns where a database is reached, over the Unix socket.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("postgres:///%s?%s", database,
		url.Values{"host": {s.folder}, "port": {s.port}, "user": {"postgres"}}.Encode())
}

// LoopbackDSN returns where a database is reached over TCP.
func (s *Server) LoopbackDSN(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", net.JoinHostPort("127.0.0.1", s.port), database)
}

// Kill ends the server and all its processes at once, as a power cut would.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if err := s.process.killAll(); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the server again, after Kill or by stopping it first, at the
// same address, and returns when it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.process.end(syscall.SIGINT)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the server, if it was used at all, without waiting for its
// clients, and removes its files. It is for TestMain; what New returned
// stops by itself.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.end(syscall.SIGQUIT)
	}
	if s.folder != "" {
		_ = os.RemoveAll(s.folder)
	}
}

// setUp makes a folder and a cluster in it, and starts it.
func (s *Server) setUp() (err error) {
	if s.owner, err = owner(); err != nil {
		return err
	}
	// Directly below /tmp: every user reaches it, and the path of the socket
	// stays within the hundred bytes it may have.
	if s.folder, err = os.MkdirTemp("/tmp", "cutover-pg-"); err != nil {
		return fmt.Errorf("making a folder for PostgreSQL: %w", err)
	}
	if s.owner != nil {
		if err := os.Chown(s.folder, int(s.owner.Uid), int(s.owner.Gid)); err != nil {
			return fmt.Errorf("giving the folder to PostgreSQL's user: %w", err)
		}
	}
	if err := s.initialise(); err != nil {
		return err
	}
	// Another program may take a free port first: then another one is tried.
	for range 3 {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.start(); err == nil {
			return nil
		}
	}
	return err
}

// initialise makes the cluster.
func (s *Server) initialise() error {
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	cmd := s.command(initdb, "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// start launches the server and waits until it answers.
func (s *Server) start() error {
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	args := []string{"-D", s.data()}
	config := s.settings.config(s.folder, s.port)
	names := make([]string, 0, len(config))
	for name := range config {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		args = append(args, "-c", name+"="+config[name])
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := s.command(postgres, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if s.process, err = launch(cmd); err != nil {
		return err
	}
	return s.await()
}

// await returns when the server answers, or tells from its log why not.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.DSN("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.process.ended:
			return fmt.Errorf("PostgreSQL ended while starting: %s", readable(s.log()))
		case <-ctx.Done():
			s.process.end(syscall.SIGQUIT)
			return errors.Join(fmt.Errorf("PostgreSQL does not answer after %s: %s", patience, readable(s.log())), err)
		case <-tick.C:
		}
	}
}

// command returns a command that runs as the server's owner, in its folder.
func (s *Server) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = s.folder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + s.folder}
	cmd.SysProcAttr = attributes(s.owner)
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }
func (s *Server) log() string  { return filepath.Join(s.folder, "log") }

// Log returns the end of what the server has written.
func (s *Server) Log() string { return readable(s.log()) }

// LogPath is the file that the server writes to.
func (s *Server) LogPath() string { return s.log() }

// freePort returns a loopback port on which nothing listens.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
