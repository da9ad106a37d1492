package lane

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// h2Silence is how long an endpoint that has requests may be silent
	// before it is asked whether it is still there, and then to answer.
	h2Silence = 15 * time.Second
)

// newSharedPool returns a pool that speaks HTTP/2 without TLS: many requests
// share a connection.
func newSharedPool() *http.Transport {
	p := newPool(nil) // they are closed when they have been idle for a while
	dial := p.DialContext
	p.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &shared{Conn: c.(*conn).Conn, raw: c.(*conn).raw}, nil
	}
	p.Protocols = new(http.Protocols)
	p.Protocols.SetUnencryptedHTTP2(true)
	p.HTTP2 = &http.HTTP2Config{SendPingTimeout: h2Silence, PingTimeout: h2Silence, WriteByteTimeout: h2Silence}
	return p
}

// shared is a connection that carries several requests at a time. The head of
// one is written while no other writes: between the first of its fields being
// encoded and the end of its head, every byte that goes out is its own, or an
// earlier one's. So the first byte that is accepted meanwhile says that this
// request has begun to reach its endpoint, and no byte that none of it has.
type shared struct {
	net.Conn
	raw syscall.RawConn
	// head is the attempt whose head is being written, nil for none.
	head atomic.Pointer[attempt]
}

// Write implements net.Conn. A head is not written to a connection that the
// other end has closed: nothing of it went out, so it goes elsewhere.
func (s *shared) Write(p []byte) (int, error) {
	a := s.head.Load()
	if a != nil && !a.wrote.Load() && s.ended() {
		return 0, errStale
	}
	// What the pool itself sends again, because the endpoint refused the
	// stream, counts as well, but breaks nothing that shares the connection.
	if first := a != nil && !a.wrote.Load(); first {
		a.sendings.Add(1)
	}
	n, err := s.Conn.Write(p)
	switch {
	case a == nil:
	case n > 0:
		a.written()
	case !a.wrote.Load():
		a.sendings.Add(-1)
	}
	return n, err
}

// ended looks whether the other end has closed and everything it had sent has
// been read. Frames that are still to be read are no reason to ask.
func (s *shared) ended() bool {
	if s.raw == nil {
		return false
	}
	ended := false
	err := s.raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		ended = err == nil && n == 0 || err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
	})
	return err != nil || ended
}

// begins is called when the first field of the head is about to be encoded.
func (a *attempt) begins(string, []string) {
	if s := a.shared.Load(); s != nil {
		s.head.Store(a)
	}
}

// begun is called when the head has been written, or could not be.
func (a *attempt) begun() {
	if s := a.shared.Load(); s != nil {
		s.head.CompareAndSwap(a, nil)
	}
}
