package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/issuer"
	"cutover/internal/proxy/keyring"
	"cutover/internal/proxy/lane"
	"cutover/internal/proxy/route"
	"cutover/internal/proxy/state"
)

const (
	// mostStreams is how many requests one HTTP/2 connection may have in
	// flight.
	mostStreams = 250
	// silence is how long an HTTP/2 client may be silent before it is asked
	// whether it is still there, and then to answer, or to take a byte.
	silence = time.Minute
)

func newRing(o Options, dir *state.Dir) *keyring.Ring {
	orders := o.ACME
	orders.Log = o.Logger
	return keyring.New(issuer.New(dir.Path("acme"), orders), time.Now, o.Logger)
}

// secure makes server what the ring wants on addr, and returns what it has to
// listen on: every byte passes a guard, inside of TLS where there is TLS. On an
// address that has TLS nothing is ever served without.
func (d *doors) secure(addr string, server *http.Server, ln net.Listener) net.Listener {
	rules := d.rules(addr)
	if redirect := d.ring.Redirect(addr); redirect != nil {
		server.Handler = lane.Guarded(redirect)
		return guard.Listen(ln, rules, d.tally)
	}
	config := d.ring.Config(addr)
	if config == nil {
		return guard.Listen(ln, rules, d.tally)
	}
	// To net/http a guarded connection is a plain one, in HTTP/2 too.
	server.Handler = guard.Identified(server.Handler)
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: mostStreams, SendPingTimeout: silence, PingTimeout: silence, WriteByteTimeout: silence}
	// HTTP/2 is limited by net/http itself; changed limits make a new server.
	limits := rules.Limits()
	server.IdleTimeout, server.MaxHeaderBytes = limits.Idle, limits.HeaderBytes
	return guard.ListenTLS(ln, config, rules, d.tally, d.log)
}

// turning returns a second listener for each open door that next wants to be
// of another kind: all or none.
func (d *doors) turning(next route.Table) (bound, error) {
	wanted, err := next.Doors()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	again := bound{}
	for addr, ln := range d.listeners {
		if want, ok := wanted[addr]; !ok || keyring.Kind(want) == d.kinds[addr] {
			continue
		}
		second, err := duplicate(ln)
		if err != nil {
			again.close()
			return nil, fmt.Errorf("%w on %s a second time: %w", admin.ErrListen, addr, err)
		}
		again[addr] = second
	}
	return again, nil
}

// turn serves doors as the ring wants them now. The socket stays open, so that
// nobody is turned away; connections that were let in by other rules end with
// the requests they carry.
func (d *doors) turn(again bound) {
	d.mu.Lock()
	defer d.mu.Unlock()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for addr := range again {
		server := d.open[addr]
		// It takes no connection any more when this returns.
		_ = server.Shutdown(gone)
		d.retire(server)
	}
	d.enter(again)
}

// duplicate returns a second listener on the same socket.
func duplicate(ln net.Listener) (net.Listener, error) {
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("a %T cannot be listened on twice", ln)
	}
	file, err := tcp.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return net.FileListener(file)
}
