package lane

import (
	"errors"
	"net"
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
	c.user.Store(a)
	c.endpoint.Store(a.endpoint)
	c.doubt.Store(kept)
}

// free marks the connection idle, unless a later attempt has it already.
func (c *conn) free(a *attempt) { c.user.CompareAndSwap(a, nil) }

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	a := c.user.Load()
	if a != nil && c.doubt.CompareAndSwap(true, false) && c.stale(a) {
		return 0, errStale
	}
	n, err := c.Conn.Write(p)
	if n > 0 && a != nil {
		a.written()
	}
	c.touch()
	return n, err
}

// Read implements net.Conn. An end that comes while the connection is idle
// shows how long the endpoint keeps connections.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
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

func (c *conn) stale(a *attempt) bool {
	if !a.twice && c.idle() > a.endpoint.Rest() {
		return true
	}
	if !c.closedByPeer() {
		return false
	}
	a.endpoint.ClosedIdle(c.idle())
	return true
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
