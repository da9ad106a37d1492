package record

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one request as it is kept. It has no body: what changes
// something is not recorded.
type Request struct {
	At     time.Time           `json:"at"`
	Method string              `json:"method"`
	Host   string              `json:"host"`
	URI    string              `json:"uri"`
	Header map[string][]string `json:"header,omitempty"`
}

// Of returns the request as it is kept, its secrets masked, or false if it is
// not to be recorded: it may change something, or has a body.
func Of(r *http.Request, at time.Time, mask Mask) (Request, bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.ContentLength != 0 || r.Header.Get("Upgrade") != "" {
		return Request{}, false
	}
	return Request{At: at.UTC(), Method: r.Method, Host: r.Host, URI: mask.uri(r.URL), Header: mask.header(r.Header)}, true
}

// parsed returns the target of the request.
func (r Request) parsed() (*url.URL, error) { return url.ParseRequestURI(r.URI) }
