package mirror

import (
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"cutover/internal/shadow"
)

// Copy is a request on its way that is to be copied, and the answer to it as
// far as it has come. A nil Copy does nothing. Its methods never wait.
type Copy struct {
	mirror *Mirror
	of     *shadowing
	to     *routing

	mu sync.Mutex
	// over: it was handed over, or given up.
	over   bool
	sent   body // what the client sent
	whole  bool // all of what the client sent is there
	answer body

	method string
	url    url.URL
	host   string
	header http.Header
	first  shadow.Answer
	began  time.Time
}

// Upload returns body read through the copy.
func (c *Copy) Upload(body io.ReadCloser, length int64) io.ReadCloser {
	if c == nil {
		return body
	}
	c.began = time.Now()
	if length == 0 || body == nil || body == http.NoBody {
		c.whole = true
		return body
	}
	return &upload{body, c}
}

type upload struct {
	io.ReadCloser
	c *Copy
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.c.uploaded(p[:n], err)
	return n, err
}

func (c *Copy) uploaded(p []byte, end error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.whole {
		return
	}
	if err := c.sent.add(p); err != nil {
		c.giveUp(true)
		return
	}
	c.whole = end == io.EOF
}

// Answered notes the head of the answer and of the request as it was sent,
// and returns the answer's body read through the copy. The answer may be
// changed afterwards.
func (c *Copy) Answered(res *http.Response) io.ReadCloser {
	if c == nil {
		return res.Body
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return res.Body
	}
	r := res.Request
	c.method, c.url, c.host, c.header = r.Method, *r.URL, r.Host, r.Header.Clone()
	c.first = shadow.Answer{Status: res.StatusCode, Header: res.Header.Clone()}
	if c.method != http.MethodHead && c.answer.expect(res.ContentLength) != nil {
		c.giveUp(true)
		return res.Body
	}
	return &answer{res.Body, c}
}

type answer struct {
	io.ReadCloser
	c *Copy
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.c.answered(p[:n], err)
	return n, err
}

// answered takes in a part of the answer; at its end the copy is handed over.
func (c *Copy) answered(p []byte, end error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
	case end != nil && end != io.EOF:
		c.giveUp(false)
	case c.answer.add(p) != nil:
		c.giveUp(true)
	case end == io.EOF:
		c.handOver()
	}
}

func (c *Copy) handOver() {
	if !c.whole {
		c.giveUp(true) // answered before all was sent
		return
	}
	c.first.Body, c.first.Took = c.answer.bytes, time.Since(c.began)
	c.over = true
	select {
	case c.mirror.queue <- c:
	default:
		c.of.dropped.Add(1)
		c.free()
	}
}

// Skip gives the copy up because what it has become cannot be compared.
func (c *Copy) Skip() { c.end(true) }

// Drop gives the copy up unless it was handed over. It is to be called when
// the request has ended, however it did.
func (c *Copy) Drop() { c.end(false) }

func (c *Copy) end(counts bool) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.giveUp(counts)
	}
}

func (c *Copy) giveUp(counts bool) {
	c.over = true
	if counts {
		c.of.skipped.Add(1)
	}
	c.free()
}

func (c *Copy) free() {
	c.answer.free()
	c.sent.free()
}
