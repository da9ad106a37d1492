package conformance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// heard is what a client heard on one connection, and what arrived behind.
type heard struct {
	statuses, interim, fields, bodies, trailers []string
	// end is what became of the connection: open or closed.
	end  string
	seen []string
}

// talk sends the bytes of c to f and hears the answers out. A connection that
// stays open is asked once more, which shows that both ends agree where the
// last request ended.
func talk(t *testing.T, f *front, b *backend, c exchange) heard {
	t.Helper()
	b.expect(c.answer)
	conn, err := f.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	var h heard
	io.WriteString(conn, c.send)
	in, probed := bufio.NewReader(conn), false
	for {
		if len(h.statuses) == len(c.want) && !probed {
			io.WriteString(conn, probe) // fails where the connection is closed, which the next reading shows
			probed = true
		}
		res, err := http.ReadResponse(in, &http.Request{Method: c.method()})
		if err != nil {
			h.end = ending(err)
			break
		}
		if res.Header.Get("X-Probe") != "" {
			h.end = "open"
			break
		}
		if h.hear(conn, in, res, c) {
			break
		}
	}
	h.seen = b.requests() // noted before they were answered
	return h
}

func ending(err error) string {
	if n, ok := err.(net.Error); ok && n.Timeout() {
		return "silent"
	}
	return "closed"
}

// hear takes one answer and reports whether it is the last.
func (h *heard) hear(conn net.Conn, in *bufio.Reader, res *http.Response, c exchange) bool {
	if res.StatusCode < 200 && res.StatusCode != http.StatusSwitchingProtocols {
		h.interim = append(h.interim, fmt.Sprint(res.StatusCode, " ", fieldsOf(res.Header)))
		if res.StatusCode == http.StatusContinue {
			io.WriteString(conn, c.more)
		}
		return false
	}
	h.statuses = append(h.statuses, fmt.Sprint(res.StatusCode))
	if res.StatusCode == http.StatusSwitchingProtocols {
		io.WriteString(conn, c.more)
		echo := make([]byte, len(c.more))
		io.ReadFull(in, echo)
		h.fields, h.bodies, h.end = append(h.fields, fmt.Sprint(fieldsOf(res.Header))), append(h.bodies, string(echo)), "upgraded"
		return true
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		body = append(body, "... "+err.Error()...)
	}
	if res.Header.Get("X-Backend") == "" {
		return false // a page of the proxy's own
	}
	h.fields = append(h.fields, fmt.Sprint(fieldsOf(res.Header)))
	h.bodies = append(h.bodies, string(body))
	h.trailers = append(h.trailers, fmt.Sprint(fieldsOf(res.Trailer)))
	return false
}

// aspects are what is compared.
var aspects = []string{"status", "interim", "headers", "body", "trailers", "connection", "backend"}

func (h heard) aspect(name string) string {
	return strings.Join(map[string][]string{
		"status": h.statuses, "interim": h.interim, "headers": h.fields, "body": h.bodies,
		"trailers": h.trailers, "connection": {h.end}, "backend": h.seen,
	}[name], " | ")
}
