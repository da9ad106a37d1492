package signaltest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Door leads to a server of a test and can be shut, as if the server had gone.
type Door struct {
	// Addr is host:port, where the server is reached through the door.
	Addr     string
	listener net.Listener
	to       string
	mu       sync.Mutex
	open     map[net.Conn]bool
	shut     bool
	all      sync.WaitGroup
}

// OpenDoor opens a door to the server at host:port. It is shut when the test
// ends.
func OpenDoor(t testing.TB, to string) *Door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &Door{Addr: l.Addr().String(), listener: l, to: to, open: map[net.Conn]bool{}}
	d.all.Go(d.serve)
	t.Cleanup(d.Shut)
	return d
}

// Shut breaks all connections and takes no new ones.
func (d *Door) Shut() {
	_ = d.listener.Close()
	d.mu.Lock()
	d.shut = true
	for c := range d.open {
		_ = c.Close()
	}
	d.mu.Unlock()
	d.all.Wait()
}

func (d *Door) serve() {
	for {
		in, err := d.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", d.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		if !d.keep(in, out) {
			return
		}
		d.all.Go(func() { carry(in, out) })
		d.all.Go(func() { carry(out, in) })
	}
}

// keep remembers connections, or closes them if the door is shut by now.
func (d *Door) keep(conns ...net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range conns {
		if d.shut {
			_ = c.Close()
		}
		d.open[c] = true
	}
	return !d.shut
}

// carry copies until one end is closed, and closes both.
func carry(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = from.Close()
}

// Hanging is the address, host:port, of a server that takes connections and
// never says anything.
func Hanging(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		var held []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			held = append(held, c)
		}
		for _, c := range held {
			_ = c.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}
