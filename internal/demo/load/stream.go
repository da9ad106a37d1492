package load

// streamEnd is how a stream ended.
type streamEnd int

const (
	endedCleanly streamEnd = iota
	endedByClient
	wasCut
)

// The numbers of the users who do something other than paced requests begin
// here; they only matter for the cookie that carries a user's own id.
const (
	firstSlowUser = 1_000_000 * (iota + 1)
	firstAbortUser
	firstEventsUser
	firstSocketUser
)

// startStreams starts the users who hold a stream open. Whenever it ends
// they open a new one, a moment later.
func (c *Client) startStreams() {
	for k := range c.options.Events {
		u := newUser(c.site, c.options.UserCookie, firstEventsUser+k)
		c.workers.Go(func() { c.reopen(u, c.follow) })
	}
	for k := range c.options.Sockets {
		u := newUser(c.site, c.options.UserCookie, firstSocketUser+k)
		c.workers.Go(func() { c.reopen(u, c.converse) })
	}
}

// reopen calls stream, which holds one stream open, until Stop.
func (c *Client) reopen(u *user, stream func(*user)) {
	for !c.stopping() {
		stream(u)
		if !c.wait(pause) {
			return
		}
	}
}

// endOf tells how a stream ended that had its regular end or not: an end
// that came after Stop was called, and was not regular, is the client's own.
func (c *Client) endOf(regular bool) streamEnd {
	switch {
	case regular:
		return endedCleanly
	case c.stopping():
		return endedByClient
	}
	return wasCut
}
