package record

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one request as it is kept, its secrets masked.
type Request struct {
	At     time.Time           `json:"at"`
	Method string              `json:"method"`
	Host   string              `json:"host"`
	URI    string              `json:"uri"`
	Header map[string][]string `json:"header,omitempty"`
	// Body is JSON or a form, as its Content-Type says.
	Body string `json:"body,omitempty"`
}

// Reads reports whether the request promises to change nothing.
func (r Request) Reads() bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
}

// parsed returns the target of the request.
func (r Request) parsed() (*url.URL, error) { return url.ParseRequestURI(r.URI) }
