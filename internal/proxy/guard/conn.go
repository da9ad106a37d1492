package guard

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"cutover/internal/release"
)

// Conn is a client's connection. Read gives out only what has been judged:
// a whole head at a time, then its body. In place of a head that is refused it
// gives out a request of its own, which the handler recognises with Refused.
type Conn struct {
	net.Conn
	door *door
	// secure is Conn where clients speak TLS, else nil.
	secure *tls.Conn
	log    *slog.Logger

	// What follows belongs to the one who reads.
	buf   []byte
	r, w  int // buf[r:w] has come in and is not given out
	pass  int // bytes from r on that may be given out
	own   []byte
	head  head
	left  int64 // of a body with a length
	parts chunks
	since time.Time // the head under way began

	mu sync.Mutex
	// state changes with mu held: an upgrade or its end comes from elsewhere.
	state     state
	after     state // what follows the body under way
	refusal   *Refusal
	agreed    *tls.ConnectionState
	changed   *sync.Cond // state, deadline or closed
	closed    bool
	bodyIdle  time.Duration
	idle      time.Time // since then nothing is asked, zero while something is
	mine, its time.Time // deadlines: the guard's and the server's
	set       time.Time // the one that is set
	reading   bool      // somebody waits for the client to send something
	linger    linger
	leavers   []Leaver
	gone      sync.Once
}

type state byte

const (
	inHead state = iota
	inBody
	inChunks
	mayUpgrade // an upgrade is asked for and not decided yet
	isOpen     // whatever comes is the handler's
	isRefused
	inHandshake
	inPreface // HTTP/2 is agreed on and must begin now
)

const (
	readSize = 4 << 10
	// keepSize is how much room a connection keeps between requests.
	keepSize = 8 << 10
)

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		switch {
		case c.pass > 0:
			n := copy(p, c.buf[c.r:c.r+c.pass])
			c.r, c.pass = c.r+n, c.pass-n
			return n, nil
		case len(c.own) > 0:
			n := copy(p, c.own)
			c.own = c.own[n:]
			return n, nil
		}
		n, err := c.step(p)
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// step goes on by one reading or one judgement.
func (c *Conn) step(p []byte) (int, error) {
	switch c.now() {
	case inHead:
		return 0, c.readHead()
	case inBody:
		return c.readBody(p)
	case inChunks:
		return c.readChunks(p)
	case inHandshake:
		return 0, c.handshake()
	case inPreface:
		return 0, c.readPreface()
	case isRefused:
		return 0, io.EOF
	}
	return c.readOpen(p)
}

func (c *Conn) readHead() error {
	if c.w > c.r {
		done, refusal := c.head.read(c.buf[c.r:c.w], c.door.limits())
		switch {
		case refusal != nil:
			c.refuse(refusal)
			return nil
		case done:
			c.accept()
			return nil
		}
	} else if err := c.lingers(); err != nil {
		return err
	}
	err := c.fill()
	switch {
	case !errors.Is(err, errLate):
		return err
	case c.since.IsZero():
		return io.EOF // nothing was asked for
	}
	c.refuse(slowHead)
	return nil
}

// accept lets the head pass and gets ready for what follows it.
func (c *Conn) accept() {
	c.r, c.pass = c.r+c.head.skip, c.head.at-c.head.skip
	c.left, c.parts = max(c.head.length, 0), chunks{}
	if c.after = inHead; c.head.upgrade {
		c.after = mayUpgrade
	}
	next := c.after
	switch {
	case c.head.chunked:
		next = inChunks
	case c.left > 0:
		next = inBody
	}
	c.head, c.since = newHead(), time.Time{}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.bodyIdle = next, c.door.limits().BodyIdle
}

// refuse has the handler answer in the turn of the request that is refused.
func (c *Conn) refuse(r *Refusal) {
	method := http.MethodGet
	if len(c.buf) >= c.r+5 && string(c.buf[c.r:c.r+5]) == "HEAD " {
		method = http.MethodHead
	}
	c.own = []byte(method + " / HTTP/1.1\r\nHost: refused\r\n" + nonceHeader + ": " + nonce + "\r\nConnection: close\r\n\r\n")
	c.end(r)
}

// end turns the connection away: nothing more of it is read.
func (c *Conn) end(r *Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.refusal = isRefused, r
	c.door.tally.Add(r.Breach)
}

func (c *Conn) readBody(p []byte) (int, error) {
	if have := c.w - c.r; have > 0 {
		c.pass = int(min(c.left, int64(have)))
		c.passed(int64(c.pass))
		return 0, nil
	}
	n, err := c.read(p[:min(int64(len(p)), c.left)])
	c.passed(int64(n))
	return n, c.stalled(err)
}

func (c *Conn) passed(n int64) {
	if c.left -= n; c.left == 0 {
		c.enter(c.after)
	}
}

func (c *Conn) readChunks(p []byte) (int, error) {
	if c.w > c.r {
		n, refusal := c.parts.read(c.buf[c.r:c.w])
		if refusal != nil {
			c.end(refusal)
			return 0, refusal
		}
		c.pass = n
		c.chunksEnd()
		return 0, nil
	}
	n, err := c.read(p)
	if n == 0 {
		return 0, c.stalled(err)
	}
	end, refusal := c.parts.read(p[:n])
	if refusal != nil {
		c.end(refusal)
		return 0, refusal
	}
	c.r, c.w = 0, copy(c.room(n-end), p[end:n]) // the next request
	c.chunksEnd()
	return end, nil
}

func (c *Conn) chunksEnd() {
	if c.parts.place == theEnd {
		c.enter(c.after)
	}
}

func (c *Conn) stalled(err error) error {
	if errors.Is(err, errLate) {
		c.end(slowBody)
		return slowBody
	}
	return err
}

// readOpen passes everything on. What comes before an upgrade is decided waits
// for that: it is either the other protocol or the next request.
func (c *Conn) readOpen(p []byte) (int, error) {
	switch state, err := c.decided(); {
	case err != nil:
		return 0, err
	case state == mayUpgrade:
		return 0, c.fill()
	case state != isOpen:
		c.since = time.Time{} // the client could not know that it had to wait
		return 0, nil
	}
	if c.w > c.r {
		c.pass = c.w - c.r
		return 0, nil
	}
	return c.read(p)
}

// decided waits until it is known whether there is an upgrade, if something
// has come in that depends on it. It fails if the server wants no more.
func (c *Conn) decided() (state, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.state == mayUpgrade && c.w > c.r {
		switch {
		case c.closed:
			return c.state, net.ErrClosed
		case !c.its.IsZero() && !c.its.After(time.Now()):
			return c.state, os.ErrDeadlineExceeded
		}
		c.changed.Wait()
	}
	return c.state, nil
}

// fill reads on behind what is there.
func (c *Conn) fill() error {
	if c.r > 0 {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	}
	if c.w == 0 && len(c.buf) > keepSize {
		c.buf = nil
	}
	if len(c.buf) == c.w {
		c.buf = append(c.buf, make([]byte, max(readSize, len(c.buf)))...)
	}
	n, err := c.read(c.buf[c.w:])
	if c.w += n; n > 0 {
		if c.since.IsZero() {
			c.since = time.Now()
		}
		return nil
	}
	return err
}

func (c *Conn) room(n int) []byte {
	if len(c.buf) < n {
		c.buf = make([]byte, max(n, readSize))
	}
	return c.buf
}

// errLate means that the guard's own time is over.
var errLate = errors.New("too late")

func (c *Conn) read(p []byte) (int, error) {
	// A deadline that strikes too soon is more than a nuisance to TLS.
	mine := c.await(c.secure != nil)
	defer c.awaited()
	for {
		n, err := c.Conn.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			if err != nil {
				c.lose()
			}
			return n, err
		}
		if now := time.Now(); !mine.IsZero() && !now.Before(mine) {
			return n, errLate
		}
		if c.secure != nil || c.struck() {
			return n, err
		}
	}
}

// struck reports whether the server's deadline is over. If not, it was an
// earlier one that was still set, and the right one is set.
func (c *Conn) struck() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.its.IsZero() && !c.its.After(time.Now()) {
		return true
	}
	before := c.set
	return c.apply(true) != nil || c.set.Equal(before)
}

// await sets the deadline of the next reading, or leaves an earlier one where it
// is unless it has to be exact. While a request is answered the next one may
// let itself be waited for.
func (c *Conn) await(exact bool) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mine = time.Time{}
	switch c.state {
	case inHead, inPreface:
		switch {
		case !c.since.IsZero():
			c.mine = c.since.Add(c.door.limits().HeaderTime)
		case !c.idle.IsZero():
			c.mine = c.idle.Add(c.door.limits().Idle)
		}
	case inBody, inChunks:
		c.mine = time.Now().Add(c.bodyIdle)
	}
	c.reading = true
	c.apply(exact)
	return c.mine
}

func (c *Conn) awaited() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
}

// apply sets the earlier deadline of the two. To move one costs more than to
// read a short request, so one that is early is left if it need not be exact.
func (c *Conn) apply(exact bool) error {
	next := c.mine
	if next.IsZero() || !c.its.IsZero() && c.its.Before(next) {
		next = c.its
	}
	early := !c.set.IsZero() && (next.IsZero() || c.set.Before(next))
	if next.Equal(c.set) || early && !exact {
		return nil
	}
	c.set = next
	return c.Conn.SetReadDeadline(next)
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.its = t
	c.changed.Broadcast()
	if !c.reading {
		return nil // the next reading does
	}
	return c.apply(true)
}

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite ends the way to the client.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.gone.Do(c.door.leave(c))
	c.mu.Lock()
	c.closed = true
	c.tell()
	c.changed.Broadcast()
	c.mu.Unlock()
	return c.Conn.Close()
}

// Resting tells whether the connection waits for a request while none is
// being answered.
func (c *Conn) Resting(is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle = (time.Time{}); is {
		c.idle = time.Now()
	}
	c.changed.Broadcast()
}

// Open lets everything pass from now on: the connection was upgraded.
func (c *Conn) Open() {
	if c != nil {
		c.enter(isOpen)
	}
}

// Limit applies an app's own limits to the body that comes in now.
func (c *Conn) Limit(most release.Limits) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodyIdle = most.BodyIdle
}

// Answered ends a request: what was asked to be upgraded and was not is a
// plain connection again.
func (c *Conn) Answered() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == mayUpgrade {
		c.state = inHead
		c.changed.Broadcast()
	}
}

// Refusal says why the connection was turned away, nil if it was not.
func (c *Conn) Refusal() *Refusal {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refusal
}

func (c *Conn) now() state {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

func (c *Conn) enter(s state) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = s
	c.changed.Broadcast()
}
