package lane

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"cutover/internal/proxy/board"
)

// errStale means that a kept connection must not be used again. Nothing was
// written, so the pool takes another one.
var errStale = errors.New("the kept connection is closed or about to be")

// conn is a connection to an endpoint. It guards against the race that every
// keep-alive pool has: the endpoint closes an idle connection just as the
// next request is written to it. A GET can be sent again then, a POST cannot,
// for nobody knows whether it was received. So before the first byte of a
// request goes to a kept connection, conn asks the kernel whether the other
// end has closed, and lets a request that must not be sent twice only on
// connections that have rested for less time than the endpoint allows.
type conn struct {
	net.Conn
	raw syscall.RawConn
	// user is the attempt under way, nil while the connection is idle.
	user     atomic.Pointer[attempt]
	endpoint atomic.Pointer[board.Endpoint]
	doubt    atomic.Bool // not looked at since it was taken from the pool
	begun    atomic.Bool // has taken some of the user's request
	retired  atomic.Bool // to be closed when it is idle
	onClose  func()      // called once, nil for nothing
	closing  sync.Once
	last     atomic.Int64
}

// origin makes monotonic readings that fit an atomic.
var origin = time.Now()

func newConn(c net.Conn) *conn {
	out := &conn{Conn: c}
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			out.raw = raw
		}
	}
	out.touch()
	return out
}

func (c *conn) take(a *attempt, kept bool) {
	for {
		before := c.user.Load()
		if before == nobodys || c.user.CompareAndSwap(before, a) {
			break
		}
	}
	c.endpoint.Store(a.endpoint)
	c.begun.Store(false)
	c.doubt.Store(kept)
}

// free marks the connection idle, unless a later attempt has it already.
func (c *conn) free(a *attempt) {
	if c.user.CompareAndSwap(a, nil) && c.retired.Load() {
		c.retire()
	}
}

// nobodys is the user of a connection that takes no request any more.
var nobodys = &attempt{}

// retire closes the connection now if it is idle, and else when it is next.
func (c *conn) retire() {
	c.retired.Store(true)
	if c.user.CompareAndSwap(nil, nobodys) {
		c.Close()
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.closing.Do(func() {
		if c.onClose != nil {
			c.onClose()
		}
	})
	return c.Conn.Close()
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	a := c.user.Load()
	switch {
	case a == nil:
		c.touch()
		return c.Conn.Write(p)
	case a == nobodys:
		return 0, errStale
	case c.doubt.CompareAndSwap(true, false) && c.stale(a):
		return 0, errStale
	}
	first := c.begun.CompareAndSwap(false, true)
	if first && a.sendings.Add(1) > mostSendings {
		a.sendings.Add(-1)
		return 0, errSentTwice
	}
	n, err := c.Conn.Write(p)
	if first && n == 0 {
		a.sendings.Add(-1)
	}
	if n > 0 {
		a.written()
	}
	c.touch()
	return n, err
}

// errSentTwice ends a request that has gone out as often as any may.
var errSentTwice = errors.New("the request has been sent twice already")

// Read implements net.Conn. An end that comes while the connection is idle
// shows how long the endpoint keeps connections.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if a := c.user.Load(); a != nil && n > 0 {
		a.heard.Store(true)
	}
	if err != nil && c.user.Load() == nil && !errors.Is(err, net.ErrClosed) {
		if e := c.endpoint.Load(); e != nil {
			e.ClosedIdle(c.idle())
		}
	}
	if n > 0 {
		c.touch()
	}
	return n, err
}

// CloseWrite lets an upgraded connection be half closed.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// stale reports whether the kept connection must not carry the attempt. What
// goes out a second time goes on a connection of its own.
func (c *conn) stale(a *attempt) bool {
	if a.sendings.Load() > 0 {
		return true
	}
	if c.closedByPeer() {
		a.endpoint.ClosedIdle(c.idle())
		return true
	}
	return !a.twice && c.idle() > a.endpoint.Rest()
}

// closedByPeer looks at the socket without waiting and without taking
// anything off it. Nothing may be there to read before a request is sent.
func (c *conn) closedByPeer() bool {
	if c.raw == nil {
		return false
	}
	closed := true
	err := c.raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		closed = !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
	})
	return err != nil || closed
}

func (c *conn) touch()              { c.last.Store(int64(time.Since(origin))) }
func (c *conn) idle() time.Duration { return time.Since(origin) - time.Duration(c.last.Load()) }
