package lane

import (
	"bufio"
	"io"
	"net"
	"sync"
	"time"

	"cutover/internal/proxy/ledger"
)

// serviceRestart is a WebSocket close frame with status 1012, "the service
// is restarting, connect again".
var serviceRestart = []byte{0x80 | opcodeClose, 2, 1012 >> 8, 1012 & 0xff}

// partingTimeout bounds how long a client may take to hear a goodbye, and to
// hang up after it.
const partingTimeout = 2 * time.Second

// party is one end of a tunnel.
type party int

const (
	nobody party = iota
	theClient
	theBackend
)

// tunnel joins a client and an endpoint after an upgrade, and knows in the
// end which of them hung up.
type tunnel struct {
	backend   io.ReadWriteCloser
	websocket bool
	// writing is held while bytes are written to the client, so that a
	// goodbye never lands inside them. It is taken before mu.
	writing sync.Mutex

	mu      sync.Mutex
	client  net.Conn
	running bool // the answer's head is out
	ordered bool // the proxy was told to end it
	// first is who ended it; broke says that it was by an error.
	first party
	broke bool
	// Frames as they went down to the client and up to the backend.
	down, up frames
}

func newTunnel(backend io.ReadWriteCloser, websocket bool) *tunnel {
	return &tunnel{backend: backend, websocket: websocket}
}

// attach gives the tunnel its client and returns the client's end. Bytes
// that the server has read ahead come first.
func (t *tunnel) attach(client net.Conn, ahead *bufio.Reader) net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.client = client
	if t.ordered {
		client.Close()
	}
	return &clientEnd{Conn: client, t: t, ahead: ahead}
}

// cut ends the tunnel.
func (t *tunnel) cut() {
	t.mu.Lock()
	client := t.client
	done := t.first != nobody || t.ordered
	if !done {
		t.ordered = true
	}
	t.mu.Unlock()
	if done {
		return
	}
	if client != nil {
		t.goodbye(client)
		client.Close()
	}
	t.backend.Close()
}

// goodbye tells a WebSocket client to connect again, if the stream stands
// between two frames and nothing is being written.
func (t *tunnel) goodbye(client net.Conn) {
	if !t.websocket || !t.writing.TryLock() {
		return
	}
	defer t.writing.Unlock()
	t.mu.Lock()
	fits := t.running && t.down.between() && !t.down.closed
	t.mu.Unlock()
	if fits {
		client.SetWriteDeadline(time.Now().Add(partingTimeout))
		client.Write(serviceRestart) // a client that is gone needs no goodbye
	}
}

// hungUp records the first end. Of a WebSocket that ends without a goodbye
// nothing more can come, so its end is returned as an error, which closes
// both connections; other protocols may go on in one direction.
func (t *tunnel) hungUp(who party, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nobody && !t.ordered {
		t.first, t.broke = who, err != io.EOF
	}
	if !t.websocket || err != io.EOF {
		return err
	}
	if !t.down.closed && !t.up.closed {
		return io.ErrUnexpectedEOF
	}
	if t.client != nil {
		t.client.SetReadDeadline(time.Now().Add(partingTimeout))
	}
	return err
}

func (t *tunnel) run() {
	t.mu.Lock()
	t.running = true
	t.mu.Unlock()
}

func (t *tunnel) follow(f *frames, p []byte) {
	if !t.websocket {
		return
	}
	t.mu.Lock()
	f.feed(p)
	t.mu.Unlock()
}

// outcome says how the tunnel ended, whether it was cut, with nobody having
// ended it, and whether it was ended on order.
// A WebSocket must say goodbye with a close frame: a bare end is what a
// killed process leaves behind.
func (t *tunnel) outcome() (o ledger.Outcome, cut, ordered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.ordered:
		return ledger.Answered, false, true
	case t.websocket && (t.down.closed || t.up.closed):
		return ledger.Answered, false, false
	case t.first == theBackend && (t.broke || t.websocket):
		return ledger.Lost, true, false
	case t.first == theBackend:
		return ledger.Answered, false, false
	}
	return ledger.ClientGone, false, false
}

// clientEnd is the client's connection as ReverseProxy uses it.
type clientEnd struct {
	net.Conn
	t     *tunnel
	ahead *bufio.Reader
}

// Read is called for the first time when the answer's head is out.
func (c *clientEnd) Read(p []byte) (int, error) {
	c.t.run()
	if n := c.ahead.Buffered(); n > 0 {
		return c.ahead.Read(p[:min(n, len(p))])
	}
	n, err := c.Conn.Read(p)
	if err != nil {
		err = c.t.hungUp(theClient, err)
	}
	return n, err
}

// Write sends what comes from the backend.
func (c *clientEnd) Write(p []byte) (int, error) {
	c.t.writing.Lock()
	defer c.t.writing.Unlock()
	n, err := c.Conn.Write(p)
	c.t.follow(&c.t.down, p[:n])
	if err != nil {
		c.t.hungUp(theClient, err)
	}
	return n, err
}

// CloseWrite passes a half close on.
func (c *clientEnd) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// backendEnd is the endpoint's connection as ReverseProxy uses it.
type backendEnd struct{ t *tunnel }

func (b backendEnd) Read(p []byte) (int, error) {
	n, err := b.t.backend.Read(p)
	if err != nil {
		err = b.t.hungUp(theBackend, err)
	}
	return n, err
}

func (b backendEnd) Write(p []byte) (int, error) {
	n, err := b.t.backend.Write(p)
	b.t.follow(&b.t.up, p[:n])
	if err != nil {
		b.t.hungUp(theBackend, err)
	}
	return n, err
}

// CloseWrite passes a half close on.
func (b backendEnd) CloseWrite() error {
	if half, ok := b.t.backend.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return b.t.backend.Close()
}

func (b backendEnd) Close() error { return b.t.backend.Close() }
