package lane

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// replayLimit is how much of a body may be taken from the client before the
// first byte is written to an endpoint: more than net/http ever buffers.
const replayLimit = 64 << 10

var errCannotReplay = errors.New("too much of the body was read to send it again")

// replay keeps the beginning of a request's body until it is told to forget
// it, so that a try can be followed by another. Without a body it does nothing.
type replay struct {
	body io.ReadCloser
	// mu is held while the body is read: a try that has failed may still be
	// reading, and what it reads then belongs to the next one.
	mu   sync.Mutex
	kept []byte
	// done: nothing more will be sent again; over: the beginning is gone.
	done atomic.Bool
	over bool
	// end is what the body ended with, nil while there may be more.
	end error
}

func newReplay(r *http.Request) *replay { return &replay{body: r.Body} }

// give makes the body, from its beginning, the one of out.
func (b *replay) give(out *http.Request) error {
	if b.body == nil {
		return nil
	}
	body, err := b.again()
	out.Body, out.GetBody = body, b.again
	return err
}

// forget is called when the request has begun to be written and must not be
// written again.
func (b *replay) forget() { b.done.Store(true) }

func (b *replay) again() (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over || b.done.Load() {
		return nil, errCannotReplay
	}
	return &replayed{b: b}, nil
}

// replayed reads what was kept and then on. Close leaves the client's body
// open: it belongs to the server.
type replayed struct {
	b  *replay
	at int
}

func (r *replayed) Read(p []byte) (int, error) {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if r.at < len(r.b.kept) {
		n := copy(p, r.b.kept[r.at:])
		r.at += n
		return n, nil
	}
	if r.b.end != nil {
		return 0, r.b.end
	}
	n, err := r.b.body.Read(p)
	r.b.keep(p[:n])
	r.b.end = err
	r.at += n
	return n, err
}

func (r *replayed) Close() error { return nil }

func (b *replay) keep(p []byte) {
	switch {
	case b.over:
	case b.done.Load() || len(b.kept)+len(p) > replayLimit:
		b.over, b.kept = true, nil
	default:
		b.kept = append(b.kept, p...)
	}
}
