package lane

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"cutover/internal/proxy/board"
)

// attempt is one try to send a request to one endpoint.
type attempt struct {
	claim    *board.Claim
	endpoint *board.Endpoint
	twice    bool // may be sent again although it may have been received
	body     *replay
	plain    *exchange // whose head is written as it is, nil for none
	conn     atomic.Pointer[conn]
	shared   atomic.Pointer[shared] // in place of conn with HTTP/2
	// sendings counts the connections that took some of the request, over all
	// attempts for it.
	sendings *atomic.Int32
	wrote    atomic.Bool
	heard    atomic.Bool // some of an answer came
	answer   lineBody    // what came the short way
}

// mostSendings is how often a request goes out at most.
const mostSendings = 2

// take is called with each connection the pool chooses for the attempt.
func (a *attempt) take(info httptrace.GotConnInfo) {
	switch c := info.Conn.(type) {
	case *conn:
		a.conn.Store(c)
		c.take(a, info.Reused || info.WasIdle)
	case *shared:
		a.shared.Store(c)
	}
}

// trace is how the pool tells the attempt what it does.
func (a *attempt) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: a.take, WroteHeaderField: a.begins, WroteHeaders: a.begun,
		GotFirstResponseByte: func() { a.heard.Store(true) }}
}

// mayRepeat reports whether the request may be sent again after err: no byte
// of it was ever written to a connection, or it does no harm if it comes
// twice, has gone out once and got nothing for an answer.
func (a *attempt) mayRepeat(err error) bool {
	sent := a.sendings.Load()
	return sent == 0 || a.twice && sent < mostSendings && !a.heard.Load() && !timedOut(err)
}

// written is called by the connection.
func (a *attempt) written() {
	if a.wrote.CompareAndSwap(false, true) {
		if !a.twice {
			a.body.forget()
		}
		a.claim.Reached()
	}
}

// watch frees the connection when the answer has been read.
func (a *attempt) watch(res *http.Response) {
	if res.StatusCode != http.StatusSwitchingProtocols {
		res.Body = watched{res.Body, a}
	}
}

type watched struct {
	io.ReadCloser
	a *attempt
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err == io.EOF {
		if c := w.a.conn.Load(); c != nil {
			c.free(w.a)
		}
	}
	return n, err
}
