package lane

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"

	"cutover/internal/proxy/guard"
)

// lineBody is the body of an answer. Its end, which it has once, is that of its
// attempt too.
type lineBody struct {
	io.ReadCloser
	ended atomic.Bool

	of      *direct
	line    *line
	attempt *attempt
	// last: nothing more can come on the connection.
	last bool
	// client tells of the client's leaving, which closes the connection; where
	// it is nil, stop keeps the end of the request's context from doing so.
	client *guard.Conn
	stop   func() bool
}

// heed has the connection closed if the client of r leaves. The guard hears of
// that first, and does not make a context for it.
func (b *lineBody) heed(r *http.Request) {
	b.client = nil
	if x := b.attempt.plain; x != nil {
		if c := guard.Of(r); c.Tell(b) {
			b.client = c
			return
		}
	}
	line := b.line
	b.stop = context.AfterFunc(r.Context(), func() { line.conn.Close() })
}

// Left implements guard.Leaver.
func (b *lineBody) Left() {
	b.attempt.plain.uploadBroke.Store(true)
	b.line.conn.Close()
}

// spare takes heed back. It returns false if the client has left.
func (b *lineBody) spare() bool {
	if b.client != nil {
		return b.client.Spare(b)
	}
	return b.stop()
}

// Read implements io.Reader.
func (b *lineBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.done(err == io.EOF)
	}
	return n, err
}

// Close implements io.Closer. What was not read whole takes its connection
// with it: nobody knows how much would have to be read first.
func (b *lineBody) Close() error {
	b.done(false)
	return nil
}

func (b *lineBody) done(whole bool) {
	if b.ended.Swap(true) {
		return
	}
	// If it cannot be stopped the connection is being closed.
	if alive := b.spare(); alive && whole && !b.last && b.line.in.Buffered() == 0 {
		b.line.conn.free(b.attempt)
		b.of.keep(b.line)
		return
	}
	b.line.conn.Close()
}
