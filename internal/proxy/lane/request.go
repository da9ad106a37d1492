package lane

import (
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"cutover/internal/proxy/board"
)

// request shows a request of net/http to the board.
type request struct{ r *http.Request }

var _ board.Request = request{}

func (q request) Host() string              { return q.r.Host }
func (q request) Path() string              { return q.r.URL.Path }
func (q request) Header(name string) string { return q.r.Header.Get(name) }

func (q request) Cookie(name string) string {
	c, err := q.r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// Address is that of the client before a front on this very machine, which is
// believed, else the one at the other end of the connection.
func (q request) Address() string {
	if local(q.r.RemoteAddr) {
		if via := q.r.Header.Values("X-Forwarded-For"); len(via) > 0 {
			list := strings.Split(via[len(via)-1], ",")
			return strings.TrimSpace(list[len(list)-1])
		}
	}
	host, _, _ := net.SplitHostPort(q.r.RemoteAddr)
	return host
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

// refuse answers in text that says who speaks: a bare 404 or 502 leaves
// people to search the app for a fault it does not have.
func refuse(w http.ResponseWriter, status int, reason string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintf(w, "cutover proxy: %d %s: %s\n", status, http.StatusText(status), reason)
}

// isStream reports whether the answer goes on until somebody ends it.
func isStream(res *http.Response) bool {
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return err == nil && kind == "text/event-stream"
}

// upload is the request's body. It notes when the client breaks off, which
// net/http does not show in the request's context while a body is read.
type upload struct {
	io.ReadCloser
	x *exchange
}

func (u upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		u.x.uploadBroke.Store(true)
	}
	return n, err
}
