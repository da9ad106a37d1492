package conformance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// backend is an app that notes every request as it arrived and answers in the
// very bytes that a case gives.
type backend struct {
	addr string

	mu     sync.Mutex
	answer string
	seen   []string
}

// plain is what the backend answers where a case does not say.
const plain = "HTTP/1.1 200 OK\r\nX-Backend: yes\r\nContent-Length: 2\r\n\r\nok"

// probe is the last request on each connection that is still open.
const probe = "GET /probe HTTP/1.1\r\nHost: shop\r\n\r\n"

func newBackend(t *testing.T) *backend {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{addr: ln.Addr().String()}
	var open sync.WaitGroup
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	open.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[c] = true
			mu.Unlock()
			open.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for c := range conns {
			c.Close()
		}
		mu.Unlock()
		open.Wait()
	})
	return b
}

// expect begins a case.
func (b *backend) expect(answer string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer, b.seen = answer, nil
}

// requests are those that have arrived whole.
func (b *backend) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.seen)
}

func (b *backend) note(text string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, text)
	return b.answer
}

func (b *backend) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		r, err := readRequest(in, c)
		if r == nil {
			return
		}
		answer := plain
		switch {
		case r.target == "/probe":
			answer = "HTTP/1.1 200 OK\r\nX-Backend: yes\r\nX-Probe: yes\r\nContent-Length: 0\r\n\r\n"
		case err != nil:
			return // broken off: nothing that an app would act on
		default:
			answer = b.note(r.String())
		}
		io.WriteString(c, answer)
		switch {
		case strings.HasPrefix(answer, "HTTP/1.1 101"):
			io.Copy(c, in)
			return
		case strings.Contains(answer, "Connection: close"):
			return
		}
	}
}

// arrived is one request as a reader without mercy sees it.
type arrived struct {
	method, target string
	fields         []string
	body, trailer  string
}

func (r *arrived) line() string { return r.method + " " + r.target }

// String leaves out what belongs to the connection, and what every proxy adds.
func (r *arrived) String() string {
	return fmt.Sprintf("%s %q body %q trailer %q", r.line(), ownFields(r.fields), r.body, r.trailer)
}

func readRequest(in *bufio.Reader, c net.Conn) (*arrived, error) {
	first, err := line(in)
	if err != nil {
		return nil, err
	}
	r := &arrived{}
	r.method, r.target, _ = strings.Cut(strings.TrimSuffix(first, " HTTP/1.1"), " ")
	length, chunked := 0, false
	for {
		field, err := line(in)
		if err != nil {
			return r, err
		}
		if field == "" {
			break
		}
		name, value, _ := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "content-length":
			if length, err = strconv.Atoi(value); err != nil {
				return r, err
			}
		case "transfer-encoding":
			chunked = true
		case "expect":
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		r.fields = append(r.fields, strings.ToLower(name)+": "+value)
	}
	if chunked {
		return r, r.readChunks(in)
	}
	body := make([]byte, length)
	_, err = io.ReadFull(in, body)
	r.body = string(body)
	return r, err
}

func (r *arrived) readChunks(in *bufio.Reader) error {
	for {
		text, err := line(in)
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(text, 16, 32)
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		chunk := make([]byte, size+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return err
		}
		r.body += string(chunk[:size])
	}
	for {
		text, err := line(in)
		if err != nil || text == "" {
			return err
		}
		r.trailer += text + ";"
	}
}

func line(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if err == nil && !strings.HasSuffix(text, "\r\n") {
		return text, fmt.Errorf("a line ends in a bare LF: %q", text)
	}
	return strings.TrimSuffix(text, "\r\n"), err
}

// ownFields sorts the fields and leaves out those of one hop.
func ownFields(fields []string) []string {
	var own []string
	for _, f := range fields {
		name, _, _ := strings.Cut(strings.ToLower(f), ":")
		switch {
		case slices.Contains([]string{"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server", "traceparent", "trailer"}, name):
		case strings.HasPrefix(name, "x-forwarded-"):
		default:
			own = append(own, f)
		}
	}
	slices.Sort(own)
	return own
}

// fieldsOf writes a header as fields.
func fieldsOf(h http.Header) []string {
	var fields []string
	for name, values := range h {
		for _, v := range values {
			fields = append(fields, strings.ToLower(name)+": "+v)
		}
	}
	return ownFields(fields)
}
