package lane

import "sync"

// roster knows the open connections to endpoints by address, so that those
// of an endpoint that leaves the table can be closed. The zero roster is
// ready for use.
type roster struct {
	mu sync.Mutex
	of map[string]map[*conn]bool
}

// enter lists c until it is closed. A nil roster lists nothing.
func (r *roster) enter(addr string, c *conn) {
	if r == nil {
		return
	}
	c.onClose = func() { r.remove(addr, c) }
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[string]map[*conn]bool{}
	}
	if r.of[addr] == nil {
		r.of[addr] = map[*conn]bool{}
	}
	r.of[addr][c] = true
}

func (r *roster) remove(addr string, c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of[addr], c)
	if len(r.of[addr]) == 0 {
		delete(r.of, addr)
	}
}

// retire closes the idle connections to addr now, and the others as soon as
// their answers have been read.
func (r *roster) retire(addr string) {
	r.mu.Lock()
	list := make([]*conn, 0, len(r.of[addr]))
	for c := range r.of[addr] {
		list = append(list, c)
	}
	r.mu.Unlock()
	for _, c := range list {
		c.retire()
	}
}
