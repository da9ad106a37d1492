package load

import (
	"net/http"
	"time"
)

// abortPath is answered at once with a head and a first line, and much later
// with the rest: whoever has read the head knows that the request has been
// accepted everywhere and is not done.
const abortPath = "/slow?ms=3000&early=1"

// startAborts starts the user who keeps losing patience.
func (c *Client) startAborts() {
	if c.options.Aborts == 0 {
		return
	}
	u := newUser(c.site, c.options.UserCookie, firstAbortUser)
	c.workers.Go(func() {
		for range c.options.Aborts {
			if !c.wait(c.options.AbortEvery) {
				return
			}
			c.abort(u)
		}
	})
}

// abort sends a request, waits for the head of its answer and resets the
// connection. If something else comes of the request, that is its fate.
func (c *Client) abort(u *user) {
	w := c.newWire()
	defer w.close()
	req := c.newRequest(AbortKind, abortPath)
	u.dress(req.Header)
	o := Outcome{ID: req.Header.Get(requestIDHeader), Kind: AbortKind, Intended: time.Now()}
	c.ledger.begin()
	var resp *http.Response
	var err error
	if o.Sent, err = w.send(req, c.options.Timeout); err == nil {
		resp, err = w.head(req)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		var body []byte
		if err == nil {
			body, err = w.rest(resp)
		}
		c.settle(&o, resp, body, err)
		return
	}
	u.keep(resp)
	w.reset()
	o.Done, o.Status, o.Version = time.Now(), resp.StatusCode, resp.Header.Get(versionHeader)
	o.Fate = ClientGone
	c.ledger.end(o)
	c.tell(o)
}
