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
const partingTimeout = 5 * time.Second

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
	// moved is told when the client has come, and after each write to it.
	moved chan struct{}

	mu      sync.Mutex
	client  net.Conn
	running bool // the answer's head is out
	ordered bool // the proxy was told to end it
	parted  bool // the client was told so: it gets nothing more
	gone    bool // one of the two has hung up
	over    bool // both connections were closed on that order
	// first is who ended it; broke says that it was by an error.
	first party
	broke bool
	// Frames as they went down to the client and up to the backend.
	down, up frames
}

func newTunnel(backend io.ReadWriteCloser, websocket bool) *tunnel {
	return &tunnel{backend: backend, websocket: websocket, moved: make(chan struct{}, 1)}
}

// attach gives the tunnel its client and returns the client's end. Bytes
// that the server has read ahead come first.
func (t *tunnel) attach(client net.Conn, ahead *bufio.Reader) net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.client = client
	if t.over {
		client.Close()
	}
	return &clientEnd{Conn: client, t: t, ahead: ahead}
}

// cut ends the tunnel. A WebSocket client is told to connect again, and may
// finish what it is saying: whoever writes to a closed connection hears of an
// error, and never of the goodbye.
func (t *tunnel) cut() {
	t.mu.Lock()
	done := t.first != nobody || t.ordered
	if !done {
		t.ordered = true
	}
	t.mu.Unlock()
	if done {
		return
	}
	said := t.websocket && t.goodbye()
	t.backend.Close()
	t.mu.Lock()
	t.over = true
	client := t.client
	t.mu.Unlock()
	if client == nil {
		return
	}
	if said {
		hearOut(client)
	}
	client.Close()
}

// hearOut reads until a client that was told goodbye hangs up.
func hearOut(client net.Conn) {
	if half, ok := client.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	client.SetReadDeadline(time.Now().Add(partingTimeout))
	io.Copy(io.Discard, client) // nobody wants it any more
}

// goodbye tells a WebSocket client to connect again as soon as the stream
// stands between two frames. It reports whether that was in time.
func (t *tunnel) goodbye() bool {
	limit := time.NewTimer(partingTimeout)
	defer limit.Stop()
	for {
		if said, fits := t.say(serviceRestart); fits {
			return said
		}
		select {
		case <-t.moved:
		case <-limit.C:
			return false
		}
	}
}

// say writes the last frame to the client, unless the app has, and reports
// whether that went well, if it fits now.
func (t *tunnel) say(frame []byte) (said, fits bool) {
	t.mu.Lock()
	client := t.client
	t.mu.Unlock()
	if client == nil {
		return false, false
	}
	// This also ends a write that the client does not take.
	client.SetWriteDeadline(time.Now().Add(partingTimeout))
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	fits, said = t.gone || t.running && t.down.between(), t.down.closed
	if !fits || said || t.gone {
		t.mu.Unlock()
		return said, fits
	}
	t.parted = true
	t.mu.Unlock()
	_, err := client.Write(frame)
	return err == nil, true
}

func (t *tunnel) hasParted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.parted
}

// move says that a goodbye may fit now.
func (t *tunnel) move() {
	select {
	case t.moved <- struct{}{}:
	default:
	}
}

// hungUp records the first end. Of a WebSocket that ends without a goodbye
// nothing more can come, so its end is returned as an error, which closes
// both connections; other protocols may go on in one direction.
func (t *tunnel) hungUp(who party, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	t.move()
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
	t.move()
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
	defer c.t.move() // once it is done
	c.t.writing.Lock()
	defer c.t.writing.Unlock()
	if c.t.hasParted() {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Write(p)
	c.t.follow(&c.t.down, p[:n])
	if err != nil {
		c.t.hungUp(theClient, err)
	}
	return n, err
}

// Close leaves a client that was told goodbye to whoever told it.
func (c *clientEnd) Close() error {
	if c.t.hasParted() {
		return nil
	}
	return c.Conn.Close()
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
