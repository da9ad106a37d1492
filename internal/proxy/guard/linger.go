package guard

import (
	"net"
	"os"
	"time"
)

// lingerFor is about how long, at most twice that, a connection is left alone
// while its request is answered. Most answers take less, so most connections
// are never asked whether the client is still there. One that has left is
// noticed after that.
const lingerFor = 25 * time.Millisecond

// linger waits while a request is answered, as long as nothing is worth
// reading: what the client sends next is not looked at before the answer, so
// all that a reading could find is that it left.
type linger struct {
	timer *time.Timer // nil until it is first needed
	armed bool
	// waits: somebody waits here; saw: the timer has found it waiting; look:
	// long enough.
	waits, saw, look bool
}

// lingers waits until the answer is there, the server wants its reader back or
// the time has come to look at the connection.
func (c *Conn) lingers() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.linger
	l.waits, l.saw, l.look = true, false, false
	defer func() { l.waits = false }()
	for c.since.IsZero() && c.idle.IsZero() && c.state == inHead && !l.look {
		switch {
		case c.closed:
			return net.ErrClosed
		case !c.its.IsZero():
			if !c.its.After(time.Now()) {
				return os.ErrDeadlineExceeded
			}
			return nil
		}
		c.arm()
		c.changed.Wait()
	}
	return nil
}

// arm has the timer run. It is left running when the wait is over: to stop it
// and start it anew with each request costs more. The caller holds the lock.
func (c *Conn) arm() {
	l := &c.linger
	switch {
	case l.armed:
		return
	case l.timer == nil:
		l.timer = time.AfterFunc(lingerFor, c.tick)
	default:
		l.timer.Reset(lingerFor)
	}
	l.armed = true
}

func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.linger
	l.armed = false
	switch {
	case !l.waits || c.closed:
	case !l.saw:
		l.saw = true
		c.arm()
	default:
		l.look = true
		c.changed.Broadcast()
	}
}
