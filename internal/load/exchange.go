package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"cutover/internal/environ"
)

// mostRead is how much of a body is kept to be looked at. The rest is read
// and counted.
const mostRead = 1 << 20

// mostHops is how many redirects one request follows.
const mostHops = 10

// exchange is what became of one request.
type exchange struct {
	// intended is when it was to be sent, sent when it was, done when the
	// answer was complete or there was none.
	intended, sent, done time.Time
	fault                Fault
	// detail says more about a fault, without anything secret.
	detail string
	// cancelled requests have no fate: the load was called off.
	cancelled bool
	status    int
	in, out   int64
	// resent counts how often the HTTP client sent it once more because a kept
	// connection had been closed by the other side.
	resent int

	body    []byte
	address *url.URL // of the answer, after redirects
	header  http.Header
}

func (x *exchange) ending() ending {
	switch {
	case x.cancelled:
		return cut
	case x.fault != "":
		return failed
	}
	return whole
}

func (x *exchange) latency() time.Duration { return x.done.Sub(x.intended) }
func (x *exchange) service() time.Duration { return x.done.Sub(x.sent) }

// exchange sends a request, reads the whole answer and judges it. With keep
// the body is kept although nothing in the call needs it.
func (v *visit) exchange(c *call, intended time.Time, keep bool) *exchange {
	x := &exchange{intended: intended, sent: time.Now()}
	hops, connections := 0, 0
	ctx, cancel := context.WithTimeout(v.load.hard, v.load.program.plan.Timeout)
	defer cancel()
	req, err := v.newRequest(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connections++ },
	}), c)
	if err != nil {
		x.done = time.Now()
		x.wrong(v, faultOf(err), because(err))
		return x
	}
	x.out = max(req.ContentLength, 0)
	client := *v.client
	client.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		if !c.follow || next.URL.Host != v.at.base.Host || next.URL.Scheme != v.at.base.Scheme {
			return http.ErrUseLastResponse
		}
		if hops++; hops > mostHops {
			return fmt.Errorf("more than %d redirects", mostHops)
		}
		return nil
	}
	x.sent = time.Now()
	resp, err := client.Do(req)
	if err == nil {
		err = x.read(resp, keep || c.looks())
	}
	x.done = time.Now()
	x.resent = max(connections-hops-1, 0)
	switch {
	case err != nil && v.load.hard.Err() != nil:
		x.cancelled = true
	case err != nil:
		x.wrong(v, faultOf(err), because(err))
	default:
		x.judge(v, c)
	}
	return x
}

func (x *exchange) read(resp *http.Response, keep bool) (err error) {
	defer resp.Body.Close()
	x.status, x.header, x.address = resp.StatusCode, resp.Header, resp.Request.URL
	if keep {
		var kept bytes.Buffer
		x.in, err = kept.ReadFrom(io.LimitReader(resp.Body, mostRead))
		x.body = kept.Bytes()
		if err != nil {
			return err
		}
	}
	n, err := io.Copy(io.Discard, resp.Body)
	x.in += n
	return err
}

// wrong records a fault. Values of the user and secrets are masked.
func (x *exchange) wrong(v *visit, fault Fault, detail string) {
	x.fault, x.detail = fault, head(printable(environ.Mask(detail, v.private()...)))
}

// looks reports whether the call needs the body.
func (c *call) looks() bool {
	if len(c.expect.fields) > 0 || c.expect.pattern != nil {
		return true
	}
	for _, one := range c.captures {
		if one.header == "" {
			return true
		}
	}
	return false
}

// newRequest fills the call with the values of the visit.
func (v *visit) newRequest(ctx context.Context, c *call) (*http.Request, error) {
	address, err := v.address(c)
	if err != nil {
		return nil, err
	}
	body, err := v.bodyOf(c)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, c.method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "cutover-load")
	if c.contentType != "" {
		req.Header.Set("Content-Type", c.contentType)
	}
	for _, h := range c.headers {
		value, err := h.text.fill(v.look, plain)
		if err != nil {
			return nil, err
		}
		req.Header.Set(h.name, value)
		if http.CanonicalHeaderKey(h.name) == "Host" {
			req.Host = value
		}
	}
	if v.load.program.plan.Synthetic {
		req.Header.Set(SyntheticHeader, "1")
	}
	return req, nil
}

func (v *visit) address(c *call) (string, error) {
	path, err := c.path.fill(v.look, url.PathEscape)
	if err != nil || !c.asks {
		return v.at.root + path, err
	}
	query, err := c.query.fill(v.look, url.QueryEscape)
	return v.at.root + path + "?" + query, err
}

func (v *visit) bodyOf(c *call) (string, error) {
	if len(c.form) == 0 {
		return c.body.fill(v.look, c.escape)
	}
	form := url.Values{}
	for _, f := range c.form {
		value, err := f.text.fill(v.look, plain)
		if err != nil {
			return "", err
		}
		form.Set(f.name, value)
	}
	return form.Encode(), nil
}
