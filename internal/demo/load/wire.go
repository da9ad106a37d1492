package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

const longestBody = 4 << 20

// wire is one keep-alive connection to the app, opened when needed. Unlike
// http.Transport, which sends some requests again when a reused connection
// breaks, it sends each request at most once. Not safe for concurrent use.
type wire struct {
	// hard ends everything: what waits on the connection then fails at once.
	hard    context.Context
	addr    string
	timeout time.Duration
	// idleClosed counts connections that the other side had closed while
	// nothing was under way, and that were noticed before the next request.
	idleClosed *atomic.Uint64

	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	forget func() bool // ends the watch on hard
	body   bytes.Buffer
}

// breach is a request that got no complete answer.
type breach struct {
	reason Reason
	err    error
}

// Error implements error.
func (b *breach) Error() string { return fmt.Sprintf("%s: %v", b.reason, b.err) }

// Unwrap returns the cause.
func (b *breach) Unwrap() error { return b.err }

// broken closes the connection and says why.
func (w *wire) broken(reason Reason, err error) error {
	w.close()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		reason = TooLate
	}
	return &breach{reason, err}
}

// send opens the connection if need be and writes the request. It returns
// the time right before the first byte was written, zero if there was no
// connection. The answer must be complete within the timeout from then on.
func (w *wire) send(req *http.Request, timeout time.Duration) (time.Time, error) {
	if w.conn != nil && (w.in.Buffered() > 0 || stale(w.conn)) {
		w.idleClosed.Add(1)
		w.close()
	}
	if w.conn == nil {
		if err := w.open(); err != nil {
			return time.Time{}, err
		}
	}
	sent := time.Now()
	if err := w.conn.SetDeadline(sent.Add(timeout)); err != nil {
		return sent, w.broken(NotSent, err)
	}
	err := req.Write(w.out)
	if err == nil {
		err = w.out.Flush()
	}
	if err != nil {
		return sent, w.broken(NotSent, err)
	}
	return sent, nil
}

func (w *wire) open() error {
	ctx, cancel := context.WithTimeout(w.hard, w.timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", w.addr)
	if err != nil {
		return w.broken(NoConnection, err)
	}
	w.conn = conn
	w.in, w.out = bufio.NewReader(conn), bufio.NewWriter(conn)
	w.forget = context.AfterFunc(w.hard, func() { conn.Close() })
	return nil
}

// head reads the head of the answer, passing over interim ones.
func (w *wire) head(req *http.Request) (*http.Response, error) {
	if _, err := w.in.Peek(1); err != nil {
		return nil, w.broken(NoAnswer, err)
	}
	for {
		resp, err := http.ReadResponse(w.in, req)
		if err != nil {
			return nil, w.broken(CutAnswer, err)
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
}

// rest reads the body, which is valid until the next request, and keeps the
// connection if it may be used again.
func (w *wire) rest(resp *http.Response) ([]byte, error) {
	w.body.Reset()
	n, err := w.body.ReadFrom(io.LimitReader(resp.Body, longestBody+1))
	if err != nil {
		return nil, w.broken(CutAnswer, err)
	}
	if n > longestBody {
		return nil, w.broken(CutAnswer, errors.New("the body is longer than this client reads"))
	}
	if resp.Close {
		w.close()
	}
	return w.body.Bytes(), nil
}

// close ends the connection, if there is one.
func (w *wire) close() {
	if w.conn == nil {
		return
	}
	w.forget()
	_ = w.conn.Close()
	w.conn = nil
}

// reset ends the connection so that the other side cannot take it for an
// orderly end, whatever it still wants to send.
func (w *wire) reset() {
	if tcp, ok := w.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	w.close()
}
