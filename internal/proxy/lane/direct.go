package lane

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"cutover/internal/release"
)

// direct sends requests that have no body and may be repeated, which most
// requests are, over connections of its own. It writes a request and reads its
// answer in the goroutine that serves the client: the pool of net/http has two
// more for each connection, so that bodies can go both ways at once, and to hand
// a request through them takes longer than everything else that is done for it.
//
// What is promised of connections to endpoints (see conn) holds here too.
type direct struct {
	dial func(ctx context.Context, addr string) (*conn, error)

	mu   sync.Mutex
	idle map[string][]*line // the one that was used last is last
	// sweeper closes what nobody uses any more; nil while nothing is idle.
	sweeper *time.Timer
	closed  bool
}

func newDirect(dial func(context.Context, string) (*conn, error)) *direct {
	return &direct{dial: dial, idle: map[string][]*line{}}
}

// takes reports whether a request that may be repeated can go this way.
func (d *direct) takes(r *http.Request, x *exchange) bool {
	return r.Body == nil && r.Host != "" && len(r.Trailer) == 0 && x.claim.Backend() != release.H2C &&
		r.Header.Get("Upgrade") == "" && r.Header.Get("Expect") == ""
}

// send makes the attempt with r, which must be one that direct takes. It
// returns when the head of the answer is there. Its errors are those of a pool
// of net/http: a *net.OpError "dial" if there is no connection.
func (d *direct) send(r *http.Request, a *attempt) (*http.Response, error) {
	for {
		l, err := d.take(r.Context(), a)
		if err != nil {
			return nil, err
		}
		res, err := d.ask(l, r, a)
		if !errors.Is(err, errStale) {
			return res, err
		}
		// Nothing was written. There are only so many of these.
	}
}

// take returns a connection for the attempt, a kept one if there is one.
func (d *direct) take(ctx context.Context, a *attempt) (*line, error) {
	l := d.pop(a.endpoint.Addr)
	kept := l != nil
	if !kept {
		c, err := d.dial(ctx, a.endpoint.Addr)
		if err != nil {
			return nil, err
		}
		l = newLine(c, a.endpoint.Addr)
	}
	a.conn.Store(l.conn)
	l.conn.take(a, kept)
	return l, nil
}

func (d *direct) ask(l *line, r *http.Request, a *attempt) (*http.Response, error) {
	back := &a.answer
	back.of, back.line, back.attempt = d, l, a
	back.heed(r)
	res, err := l.ask(r, a.plain)
	if err != nil {
		stayed := back.spare()
		l.conn.Close()
		if cause := r.Context().Err(); cause != nil {
			return nil, cause
		}
		if !stayed {
			return nil, context.Canceled
		}
		return nil, err
	}
	back.ReadCloser = res.Body
	back.last = res.Close || r.Close && a.plain == nil
	if res.Body == http.NoBody {
		back.done(true)
		return res, nil
	}
	res.Body = back
	return res, nil
}

// pop takes the connection that was used last, nil if none is kept.
func (d *direct) pop(addr string) *line {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.idle[addr]
	if len(all) == 0 {
		return nil
	}
	l := all[len(all)-1]
	all[len(all)-1] = nil
	d.idle[addr] = all[:len(all)-1]
	return l
}

// keep makes a connection available for the next request.
func (d *direct) keep(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || l.conn.retired.Load() || len(d.idle[l.addr]) >= poolPerHost {
		l.conn.Close()
		return
	}
	d.idle[l.addr] = append(d.idle[l.addr], l)
	if d.sweeper == nil {
		d.sweeper = time.AfterFunc(poolTimeout, d.sweep)
	}
}

// sweep closes connections that nobody has used for poolTimeout, and comes
// again while there are others.
func (d *direct) sweep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for addr, all := range d.idle {
		rested := 0
		for rested < len(all) && (all[rested].conn.idle() >= poolTimeout || all[rested].conn.retired.Load()) {
			all[rested].conn.Close()
			rested++
		}
		if d.idle[addr] = append(all[:0:0], all[rested:]...); rested == len(all) {
			delete(d.idle, addr)
		}
	}
	d.sweeper = nil
	if len(d.idle) > 0 && !d.closed {
		d.sweeper = time.AfterFunc(poolTimeout/2, d.sweep)
	}
}

// close drops the idle connections and keeps none from now on.
func (d *direct) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, all := range d.idle {
		for _, l := range all {
			l.conn.Close()
		}
	}
	clear(d.idle)
	if d.sweeper != nil {
		d.sweeper.Stop()
	}
}
