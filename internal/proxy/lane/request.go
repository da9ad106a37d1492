package lane

import (
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/route"
)

// request shows a request of net/http to the board.
type request struct{ r *http.Request }

var _ board.Request = request{}

func (q request) Host() string              { return q.r.Host }
func (q request) Path() string              { return q.r.URL.Path }
func (q request) Header(name string) string { return q.r.Header.Get(name) }

func (q request) Cookie(name string) string {
	if !slices.ContainsFunc(q.r.Header["Cookie"], func(all string) bool { return strings.Contains(all, name) }) {
		return "" // to take cookies apart costs more
	}
	c, err := q.r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// Address implements board.Request.
func (q request) Address(trust route.Trust) string {
	return clientOf(q.r, trust)
}

// unfit says why a request cannot be passed on, whoever were to answer it;
// "" if it can. Such a request is the client's mistake and no side's loss.
func unfit(r *http.Request) string {
	if r.Method == http.MethodConnect {
		return "CONNECT is not served here"
	}
	for _, c := range []byte(r.Header.Get("Upgrade")) {
		if c < ' ' || c > '~' {
			return "the Upgrade header is not readable"
		}
	}
	return ""
}

// Guarded has h answer only what the guard lets through.
func Guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer guard.Of(r).Answered()
		if refusal := guard.Refused(r); refusal != nil {
			turnAway(w, r, traceOf(r.Header).id(), refusal)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// turnAway answers a client that broke the rules, and hangs up.
func turnAway(w http.ResponseWriter, r *http.Request, id string, why *guard.Refusal) {
	w.Header().Set("Connection", "close")
	notice{why.Status, why.Reason, id, nil}.show(w, r)
}

// isStream reports whether the answer goes on until somebody ends it.
func isStream(res *http.Response) bool {
	text := res.Header.Get("Content-Type")
	if kind, _, _ := strings.Cut(text, ";"); !strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
		return false
	}
	kind, _, err := mime.ParseMediaType(text)
	return err == nil && kind == "text/event-stream"
}

// upload is the request's body. It notes when the client breaks off, which
// net/http does not show in the request's context while a body is read.
type upload struct {
	io.ReadCloser
	x    *exchange
	came int64
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.came += int64(n)
	if most := u.x.largest; most > 0 && u.came > most {
		u.x.tooLarge.Store(true)
		n, err = 0, guard.TooLarge()
	}
	switch {
	case err == io.EOF:
		u.x.uploaded.Store(true)
	case err != nil:
		u.x.uploadBroke.Store(true)
	}
	return n, err
}

// readOut takes what the client still sends of a body that nobody wanted, so
// that its connection can carry the next request. net/http would do so after
// the handler, and then watch the connection for the client's leaving at the
// end of the body, while it waits there for the next request already: the two
// readers meet, and the connection breaks under the next request (full duplex,
// Go 1.26).
func (x *exchange) readOut(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || x.uploaded.Load() || x.uploadBroke.Load() || w.Header().Get("Connection") == "close" {
		return
	}
	x.flush() // the client may want the answer before it goes on
	_ = r.Body.Close()
}
