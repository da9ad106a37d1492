package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The headers the client sends or looks at.
const (
	requestIDHeader  = "X-Request-Id"
	versionHeader    = "X-App-Version"
	proxyErrorHeader = "Cutover-Error"
)

// newRequest makes a request of the given kind with an id of its own.
func (c *Client) newRequest(kind Kind, path string) *http.Request {
	id := fmt.Sprintf("%s-%d", c.name, c.serial.Add(1))
	method, body := http.MethodGet, ""
	switch kind {
	case PostKind:
		method, path, body = http.MethodPost, "/api/orders", `{"item":"tea","quantity":1}`
	case AddressKind:
		method, path, body = http.MethodPost, "/api/addresses", `{"line":"`+AddressOf(id)+`"}`
	}
	req, err := http.NewRequest(method, strings.TrimSuffix(c.base.String(), "/")+path, strings.NewReader(body))
	if err != nil {
		panic("load: a path that Start has checked makes no request: " + err.Error())
	}
	if c.options.Host != "" {
		req.Host = c.options.Host
	}
	req.Header.Set("User-Agent", "cutover-load")
	req.Header.Set(requestIDHeader, id)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// due is a request that is to be sent now.
type due struct {
	kind Kind
	path string
	at   time.Time
}

// exchange sends one request on the wire, for the user, reads the answer and
// enters the outcome into the ledger.
func (c *Client) exchange(w *wire, u *user, d due) Outcome {
	timeout := c.options.Timeout
	if d.kind == SlowKind {
		timeout += c.options.SlowFor
	}
	req := c.newRequest(d.kind, d.path)
	u.dress(req.Header)
	o := Outcome{ID: req.Header.Get(requestIDHeader), Kind: d.kind, Intended: d.at}
	c.ledger.begin()
	var resp *http.Response
	var body []byte
	var err error
	if o.Sent, err = w.send(req, timeout); err == nil {
		resp, err = w.head(req)
	}
	if err == nil {
		u.keep(resp)
		body, err = w.rest(resp)
	}
	c.settle(&o, resp, body, err)
	return o
}

// settle decides the fate of a request and enters it into the ledger.
func (c *Client) settle(o *Outcome, resp *http.Response, body []byte, err error) {
	o.Done = time.Now()
	if resp != nil {
		o.Status, o.Version = resp.StatusCode, resp.Header.Get(versionHeader)
	}
	var b *breach
	switch {
	case err != nil && c.hard.Err() != nil:
		o.Fate = ClientGone
	case errors.As(err, &b):
		o.Fate, o.Reason = Lost, b.reason
	case err != nil:
		o.Fate, o.Reason = Lost, NoAnswer
	case madeByProxy(resp):
		o.Fate, o.Reason = Lost, ByProxy
	default:
		o.Fate = Answered
		o.Mismatched = !belongs(o, resp, body)
	}
	c.ledger.end(*o)
	c.tell(*o)
}

// tell hands the outcome to whoever observes.
func (c *Client) tell(o Outcome) {
	if c.options.Observe != nil {
		c.options.Observe(o)
	}
}

// madeByProxy reports whether the proxy gave the answer in the app's place.
func madeByProxy(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return resp.Header.Get(proxyErrorHeader) != ""
	}
	return false
}

// belongs reports whether nothing in the answer contradicts that it is the
// answer to this very request. An order that was taken must name its id.
func belongs(o *Outcome, resp *http.Response, body []byte) bool {
	if id := resp.Header.Get(requestIDHeader); id != "" && id != o.ID {
		return false
	}
	if o.Kind != PostKind || resp.StatusCode >= 300 {
		return true
	}
	var order struct{ ID string }
	return json.Unmarshal(body, &order) == nil && order.ID == o.ID
}
