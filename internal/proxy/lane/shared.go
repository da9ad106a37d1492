package lane

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// h2Silence is how long an endpoint that has requests may be silent
	// before it is asked whether it is still there, and then to answer.
	h2Silence = 15 * time.Second
)

// newSharedPool returns a pool that speaks HTTP/2 without TLS: many requests
// share a connection.
func newSharedPool() *http.Transport {
	p := newPool(dialInto(nil)) // they are closed when they have been idle for a while
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

// ended asks the kernel whether the other end has closed, also while frames
// that it sent before are still to be read.
func (s *shared) ended() bool {
	if s.raw == nil {
		return false
	}
	ended := false
	err := s.raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.SOL_TCP, unix.TCP_INFO)
		ended = err == nil && info.State != tcpEstablished
	})
	return err != nil || ended
}

// tcpEstablished is the state of a connection that neither end has closed, in
// the kernel's include/net/tcp_states.h.
const tcpEstablished = 1

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
