package proxy

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"syscall"
)

// adopt gives the doors listeners that another process has opened.
func (d *doors) adopt(from bound) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.adopted = from
}

// abandon closes what was adopted and never needed.
func (d *doors) abandon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.adopted.close()
	d.adopted = nil
}

// handOut returns what is listened on, to give it to another process.
func (d *doors) handOut() (addrs []string, listeners []syscall.Conn, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, addr := range slices.Sorted(maps.Keys(d.listeners)) {
		ln, ok := d.listeners[addr].(syscall.Conn)
		if !ok {
			return nil, nil, fmt.Errorf("the listener on %s cannot be handed over", addr)
		}
		addrs, listeners = append(addrs, addr), append(listeners, ln)
	}
	return addrs, listeners, nil
}

// leave takes no more connections. Those that are open stay: each is told with
// its next answer that it is the last one here.
func (d *doors) leave() {
	d.leaving.Store(true)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ln := range d.listeners {
		ln.Close()
	}
}

// parting has the answers say that the connection ends, once the doors are
// left. It must not be said of a connection that becomes a tunnel.
func (d *doors) parting(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.leaving.Load() && r.Header.Get("Upgrade") == "" {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

var _ syscall.Conn = (*net.TCPListener)(nil)
