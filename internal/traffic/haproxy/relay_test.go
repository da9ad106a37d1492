package haproxy_test

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// relay stands between a router and HAProxy's socket. It knows every command
// before HAProxy does.
type relay struct {
	Path string
	to   string

	mu sync.Mutex
	// changes counts the commands that change something.
	changes int
	// strike is called once, before the change of this number is passed on. It
	// returns whether it is passed on at all.
	at     int
	strike func() bool
	// begun is made when the strike begins, and closed when it is over.
	begun chan struct{}
}

// between starts a relay to a socket.
func between(t *testing.T, to string) *relay {
	t.Helper()
	// Not t.TempDir(): the path of a socket must be short.
	dir, err := os.MkdirTemp("", "rel")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Path: filepath.Join(dir, "s"), to: to}
	l, err := net.Listen("unix", r.Path)
	if err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	calls.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls.Go(func() { r.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		calls.Wait()
		_ = os.RemoveAll(dir)
	})
	return r
}

// arm has the relay strike before the change of this number, counted from 1 on.
func (r *relay) arm(at int, strike func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes, r.at, r.strike, r.begun = 0, at, strike, nil
}

// struck reports whether the strike was come to, when it is over.
func (r *relay) struck() bool {
	r.mu.Lock()
	begun := r.begun
	r.mu.Unlock()
	if begun == nil {
		return false
	}
	<-begun
	return true
}

// passes counts a command, strikes if it is time, and says whether it is
// passed on.
func (r *relay) passes(command string) bool {
	if !strings.HasPrefix(command, "set ") && !strings.HasPrefix(command, "add ") {
		return true
	}
	r.mu.Lock()
	r.changes++
	due := r.changes == r.at
	if due {
		r.begun = make(chan struct{})
		defer close(r.begun)
	}
	strike := r.strike
	r.mu.Unlock()
	return !due || strike()
}

// carry passes one command on, and its answer back.
func (r *relay) carry(c net.Conn) {
	defer c.Close()
	command, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !r.passes(command) {
		return
	}
	onward, err := net.Dial("unix", r.to)
	if err != nil {
		return
	}
	defer onward.Close()
	if _, err := io.WriteString(onward, command); err == nil {
		_, _ = io.Copy(c, onward)
	}
}
