package guard

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"cutover/internal/release"
)

// Rules is what holds on one address; it may be another one at each call.
type Rules interface {
	// Limits are the limits before it is known which app is asked.
	Limits() release.Limits
	// Exempt reports whether an address may open any number of connections.
	Exempt(netip.Addr) bool
}

// Listen puts a guard on every connection of ln. Breaches are counted in tally.
func Listen(ln net.Listener, rules Rules, tally *Tally) net.Listener {
	return newListener(ln, rules, tally)
}

func newListener(ln net.Listener, rules Rules, tally *Tally) *listener {
	return &listener{Listener: ln, door: &door{rules: rules, tally: tally, open: map[netip.Addr]int{}}}
}

type listener struct {
	net.Listener
	door *door
	tls  *tls.Config // nil without TLS
	log  *slog.Logger
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: conn, door: l.door, head: newHead(), since: time.Now()}
	c.changed = sync.NewCond(&c.mu)
	if l.tls != nil {
		c.secure, c.log, c.state = tls.Server(conn, l.tls), l.log, inHandshake
		c.Conn = c.secure
	}
	switch fits := l.door.enter(from(conn)); {
	case !fits && l.tls != nil:
		c.end(crowded)
	case !fits:
		c.refuse(crowded)
	}
	return c, nil
}

// mostAddresses bounds the table of addresses. Those that do not fit are not
// limited: a flood from everywhere is not stopped by counting addresses.
const mostAddresses = 64 << 10

// door is what the connections of one listener share.
type door struct {
	rules Rules
	tally *Tally

	mu   sync.Mutex
	open map[netip.Addr]int
}

func (d *door) limits() release.Limits { return d.rules.Limits() }

// enter counts a connection and reports whether it is one too many.
func (d *door) enter(addr netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, known := d.open[addr]
	if known || len(d.open) < mostAddresses {
		d.open[addr] = n + 1
	}
	return n < d.limits().Connections || addr.IsLoopback() || d.rules.Exempt(addr)
}

func (d *door) leave(c *Conn) func() {
	return func() {
		addr := from(c.Conn)
		d.mu.Lock()
		defer d.mu.Unlock()
		if n := d.open[addr]; n > 1 {
			d.open[addr] = n - 1
		} else {
			delete(d.open, addr)
		}
	}
}

// from is the client's address; one IPv6 network counts as one client.
func from(conn net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() && !addr.IsLoopback() {
		if network, err := addr.Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return addr
}

// nonce is known to this process only: it marks the guard's own requests.
var nonce = rand.Text()

const nonceHeader = "Cutover-Refused"

type connKey struct{}

// Context makes the connection known to the handlers of its requests. It is
// meant for http.Server.ConnContext.
func Context(ctx context.Context, c net.Conn) context.Context {
	if guarded, ok := c.(*Conn); ok {
		return context.WithValue(ctx, connKey{}, guarded)
	}
	return ctx
}

// State tells the connection whether it rests. It is meant for
// http.Server.ConnState.
func State(c net.Conn, s http.ConnState) {
	if guarded, ok := c.(*Conn); ok {
		guarded.Resting(s == http.StateIdle)
	}
}

// Of returns the connection that r came in on, nil if there is no guard on
// it. All methods for handlers may be called on nil.
func Of(r *http.Request) *Conn {
	c, _ := r.Context().Value(connKey{}).(*Conn)
	return c
}

// Refused says why the client that sent r is to be turned away, nil if it is
// not: then r is the guard's own request in place of the client's.
func Refused(r *http.Request) *Refusal {
	said := r.Header[nonceHeader]
	if len(said) == 0 || subtle.ConstantTimeCompare([]byte(said[0]), []byte(nonce)) != 1 {
		return nil
	}
	return Of(r).Refusal()
}
