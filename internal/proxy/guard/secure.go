package guard

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
)

// ListenTLS is Listen for clients that speak TLS, as config says. What they
// send inside it is judged like anything else, unless they have agreed on
// HTTP/2: that passes, from its preface on, and the server has to speak it on
// plain connections. Whoever agrees on any other protocol is hung up on. A
// handshake has as long as a head; those that fail are said to log. One
// connection too many is closed before its handshake, which is dear.
func ListenTLS(ln net.Listener, config *tls.Config, rules Rules, tally *Tally, log *slog.Logger) net.Listener {
	guarded := newListener(ln, rules, tally)
	guarded.tls, guarded.log = config, log
	return guarded
}

// preface is what HTTP/2 begins with.
var preface = []byte(http2Preface)

const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// handshake agrees on TLS and on what is spoken inside it.
func (c *Conn) handshake() error {
	late := c.since.Add(c.door.limits().HeaderTime)
	if err := c.Conn.SetDeadline(late); err != nil {
		return err
	}
	if err := c.secure.Handshake(); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.end(slowHead)
		} else {
			c.enter(isRefused)
		}
		c.log.Debug("TLS handshake failed", "client", c.RemoteAddr(), "error", err)
		sayPlain(err)
		return io.EOF
	}
	if err := c.Conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	c.since = time.Now()
	state := c.secure.ConnectionState()
	next := isRefused
	switch {
	case state.NegotiatedProtocol == "h2" && strong(state):
		next = inPreface
	case state.NegotiatedProtocol == "", state.NegotiatedProtocol == "http/1.1":
		next = inHead
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.agreed = next, &state
	return c.apply(true) // the server may have set a deadline meanwhile
}

// readPreface lets HTTP/2 pass if it is that: a client that agreed on it and
// then speaks HTTP/1.1 would get around every judgement.
func (c *Conn) readPreface() error {
	have := c.buf[c.r:c.w]
	switch n := min(len(have), len(preface)); {
	case !bytes.Equal(have[:n], preface[:n]):
		c.end(malformed("HTTP/2 was agreed on, and something else was sent"))
		return nil
	case n == len(preface):
		c.since = time.Time{}
		c.enter(isOpen)
		return nil
	}
	err := c.fill()
	if errors.Is(err, errLate) {
		c.end(slowHead)
		return nil
	}
	return err
}

// strong reports whether a connection is fit for HTTP/2, which rules out the
// older ciphers of TLS 1.2 (RFC 9113, 9.2.2).
func strong(s tls.ConnectionState) bool {
	return s.Version >= tls.VersionTLS13 || slices.Contains(strongCiphers, s.CipherSuite)
}

var strongCiphers = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// sayPlain tells a client that spoke plain HTTP what is wrong.
func sayPlain(err error) {
	var plain tls.RecordHeaderError
	if !errors.As(err, &plain) || plain.Conn == nil {
		return
	}
	switch string(plain.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		// It hangs up next; a client that does not listen misses its own answer.
		_, _ = io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\ncutover proxy: 400 Bad Request: this address speaks https\n")
	}
}

// TLS is what the client and the server have agreed on, nil without TLS.
func (c *Conn) TLS() *tls.ConnectionState {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.agreed
}

// Identified gives requests what net/http does not know of a connection that
// it takes for a plain one: its TLS.
func Identified(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if state := Of(r).TLS(); state != nil {
			r.TLS = state
		}
		h.ServeHTTP(w, r)
	})
}
