package record

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
)

// Wanted says which requests are recorded, and what is secret in them.
type Wanted struct {
	// Methods are GET and HEAD if there are none.
	Methods []string
	// Body is the most bytes a body may have; with 0 nothing that has a body is
	// recorded.
	Body int
	Mask Mask
}

// MaxBody is the largest Wanted.Body that makes sense: a request has to fit into
// a line of a recording.
const MaxBody = 96 << 10

// Why a request is not kept.
var (
	// ErrLarge means that it, or its body, is larger than is wanted.
	ErrLarge = errors.New("the request is too large to be kept")
	// ErrOpaque means that its body cannot be taken apart, so that nobody can
	// tell what is secret in it.
	ErrOpaque = errors.New("the body cannot be read, so that its secrets cannot be masked")
)

// Wants reports whether requests of that kind are recorded at all.
func (w Wanted) Wants(r *http.Request) bool {
	if r.Header.Get("Upgrade") != "" || r.ContentLength != 0 && w.Body <= 0 {
		return false
	}
	if len(w.Methods) == 0 {
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	}
	return slices.Contains(w.Methods, r.Method)
}

// Keep returns a request without its secrets. It fails with ErrLarge or
// ErrOpaque, and then nothing of the request may be kept.
func (w Wanted) Keep(raw Raw) (Request, error) {
	kept := Request{At: raw.At, Method: raw.Method, Host: raw.Host, URI: w.Mask.uri(raw.URL), Header: w.Mask.header(raw.Header)}
	if len(raw.Body) > w.Body {
		return Request{}, ErrLarge
	}
	var err error
	if kept.Body, err = w.Mask.body(raw.Header, raw.Body); err != nil {
		return Request{}, err
	}
	if line, err := json.Marshal(kept); err != nil || len(line) >= maxLine {
		return Request{}, ErrLarge
	}
	return kept, nil
}
