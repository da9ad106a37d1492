package guard

import "slices"

// Leaver is told that the client has gone away. Left must not wait, nor use
// the client's connection.
type Leaver interface{ Left() }

// Tell has l told, once, when the client goes away or its connection is
// closed, until Spare is called. Without a guard, where c is nil, it does
// nothing and returns false.
func (c *Conn) Tell(l Leaver) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leavers = append(c.leavers, l); c.closed {
		c.tell()
	}
	return true
}

// Spare takes Tell back and reports whether l had not been told. When it
// returns l is not being told either.
func (c *Conn) Spare(l Leaver) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.leavers, l)
	if i < 0 {
		return false
	}
	c.leavers = slices.Delete(c.leavers, i, i+1)
	return true
}

// lose is called when nothing more can be read from the client.
func (c *Conn) lose() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell()
}

// tell tells all that want to know. The caller holds the lock.
func (c *Conn) tell() {
	for _, l := range c.leavers {
		l.Left()
	}
	c.leavers = nil
}
