package record

import (
	"net/http"
	"net/url"
	"time"
)

// Raw is a request as it came in, its secrets still in it. It never leaves the
// process that got it.
type Raw struct {
	At     time.Time
	Method string
	Host   string
	URL    *url.URL
	Header http.Header
	Body   []byte
}

// RawOf returns the head of a request. It stays as it is whatever becomes of r.
func RawOf(r *http.Request, at time.Time) Raw {
	to := *r.URL
	return Raw{At: at.UTC(), Method: r.Method, Host: r.Host, URL: &to, Header: r.Header.Clone()}
}
