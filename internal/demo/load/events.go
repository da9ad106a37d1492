package load

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// follow opens an SSE stream and reads it to its end. Its regular end is the
// last chunk; a connection that just ends was cut, so is a stream that is
// silent for longer than Options.Timeout.
func (c *Client) follow(u *user) {
	w := c.newWire()
	defer w.close()
	req := c.newRequest(EventsKind, "/events")
	req.Header.Set("Accept", "text/event-stream")
	u.dress(req.Header)
	o := Outcome{ID: req.Header.Get(requestIDHeader), Kind: EventsKind, Intended: time.Now()}
	c.ledger.begin()
	var resp *http.Response
	var err error
	if o.Sent, err = w.send(req, c.options.Timeout); err == nil {
		resp, err = w.head(req)
	}
	if err != nil || !isEventStream(resp) {
		var body []byte
		if err == nil {
			body, err = w.rest(resp)
		}
		c.settle(&o, resp, body, err)
		return
	}
	u.keep(resp)
	c.ledger.streamBegan(resp.Header.Get(versionHeader), o.Sent)
	// From here on, Stop ends the stream without waiting for anything.
	conn := w.conn
	defer context.AfterFunc(c.soft, func() { conn.Close() })()
	c.ledger.streamEnded(c.endOf(c.readEvents(w, resp)))
}

// readEvents reads until the stream ends and reports whether that was its
// regular end. Without chunks or a length there is none.
func (c *Client) readEvents(w *wire, resp *http.Response) bool {
	framed := resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0
	buf := make([]byte, 4<<10)
	for {
		_ = w.conn.SetReadDeadline(time.Now().Add(c.options.Timeout))
		if _, err := resp.Body.Read(buf); err != nil {
			return framed && errors.Is(err, io.EOF)
		}
	}
}

func isEventStream(resp *http.Response) bool {
	return resp.StatusCode == http.StatusOK &&
		strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
}
