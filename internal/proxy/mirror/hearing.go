package mirror

import (
	"io"
	"net/http"
	"sync"
	"time"

	"cutover/internal/shadow/record"
)

// Hear returns body read through the recordings that want the request, and
// body itself if none does. It never waits, and what it keeps is bounded.
func (m *Mirror) Hear(app string, r *http.Request, sent io.ReadCloser) io.ReadCloser {
	if m == nil || r.ContentLength == 0 || sent == nil {
		return sent
	}
	for _, l := range *m.listeners.Load() {
		if l.wants(app, r) {
			h := &hearing{ReadCloser: sent, of: l, raw: record.RawOf(r, time.Now()), length: r.ContentLength}
			h.sent.from, h.sent.limit = &l.budget, l.wanted.Body
			sent = h
		}
	}
	return sent
}

// hearing is the body of a request on its way to a recording.
type hearing struct {
	io.ReadCloser
	of     *listener
	raw    record.Raw
	length int64 // -1 for one that is not known

	mu   sync.Mutex
	over bool // it was handed over, or given up
	sent body
}

// Read implements io.Reader.
func (h *hearing) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.take(p[:n], err)
	return n, err
}

// Close implements io.Closer. What has not been sent whole by then never is.
func (h *hearing) Close() error {
	h.mu.Lock()
	h.giveUp(record.ErrBroken)
	h.mu.Unlock()
	return h.ReadCloser.Close()
}

func (h *hearing) take(p []byte, end error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return
	}
	if err := h.sent.add(p); err != nil {
		why := record.ErrLarge
		if err == errMemory {
			why = record.ErrMissed
		}
		h.giveUp(why)
		return
	}
	switch {
	case end == io.EOF, h.length >= 0 && int64(len(h.sent.bytes)) == h.length:
		h.over = true
		h.of.tell(heard{raw: h.raw, body: h.sent})
	case end != nil:
		h.giveUp(record.ErrBroken)
	}
}

func (h *hearing) giveUp(why error) {
	if h.over {
		return
	}
	h.over = true
	h.sent.free()
	h.of.left.Out(why)
}
