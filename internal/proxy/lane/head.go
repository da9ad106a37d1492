package lane

import (
	"net"
	"net/http"
	"strings"

	"cutover/internal/proxy/board"
	"cutover/internal/release"
)

// plain reports whether the request is so simple that its head can be written
// by writeHead: what it says of its connection, its body or its encoding is
// what nearly every client says.
func plain(r *http.Request, backend release.Protocol) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.ContentLength != 0 || len(r.TransferEncoding) > 0 || len(r.Trailer) > 0 {
		return false
	}
	return r.ProtoMajor == 1 && backend != release.H2C && r.URL.Opaque == "" && plainHost(r.Host) && alone(r.Header["Connection"]) && !demanding(r.Header)
}

// special are the headers that need more than being passed on.
var special = [...]string{"Upgrade", "Expect", "Te", "Trailer", "Transfer-Encoding"}

// demanding reports whether a header needs more than being passed on.
func demanding(h http.Header) bool {
	for _, name := range special {
		if _, ok := h[name]; ok {
			return true
		}
	}
	agent := h["User-Agent"]
	return len(agent) > 1 || len(agent) == 1 && agent[0] == ""
}

// alone reports whether a Connection header names no other header.
func alone(values []string) bool {
	return len(values) == 0 || len(values) == 1 && (strings.EqualFold(values[0], "keep-alive") || strings.EqualFold(values[0], "close"))
}

// plainHost reports whether host stays as it is wherever it is written.
func plainHost(host string) bool {
	for _, c := range []byte(host) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && strings.IndexByte("-._:[]", c) < 0 {
			return false
		}
	}
	return host != ""
}

// dropped says which headers of a plain request are not passed on as they came
// in: those for this connection only, and those that writeHead writes itself.
func dropped(name string) bool {
	switch name {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Host", "Content-Length",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", board.PrivateHeader, traceHeader, stateHeader:
		return true
	}
	return false
}

// writeHead appends to out what rewrite and net/http make of a plain request.
func (x *exchange) writeHead(out []byte, r *http.Request) []byte {
	out = append(out, r.Method...)
	out = append(append(append(out, ' '), r.URL.RequestURI()...), " HTTP/1.1\r\n"...)
	out = field(out, "Host", r.Host)
	for name, values := range r.Header {
		if dropped(name) {
			continue
		}
		for _, v := range values {
			out = field(out, name, v)
		}
	}
	out = x.writeForwarded(out, r)
	if !x.trace.begun {
		for _, v := range r.Header[stateHeader] {
			out = field(out, stateHeader, v)
		}
	}
	out = field(out, traceHeader, x.trace.parent)
	return append(out, '\r', '\n')
}

// writeForwarded writes what forwarded sets.
func (x *exchange) writeForwarded(out []byte, r *http.Request) []byte {
	trusted := x.claim.Trust().Has(peer(r))
	if client, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		if prior := r.Header["X-Forwarded-For"]; trusted && len(prior) > 0 {
			client = strings.Join(prior, ", ") + ", " + client
		}
		out = field(out, "X-Forwarded-For", client)
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	for _, own := range [...][2]string{{"X-Forwarded-Host", r.Host}, {"X-Forwarded-Proto", scheme}, {"Forwarded", ""}} {
		said, ok := r.Header[own[0]]
		switch {
		case trusted && ok:
			for _, v := range said {
				out = field(out, own[0], v)
			}
		case own[1] != "":
			out = field(out, own[0], own[1])
		}
	}
	return out
}

func field(out []byte, name, value string) []byte {
	return append(append(append(append(out, name...), ": "...), value...), "\r\n"...)
}
