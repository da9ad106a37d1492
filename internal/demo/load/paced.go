package load

import "time"

// startPaced starts the timekeeper and the connections that carry what it
// puts into the queue.
func (c *Client) startPaced() {
	if c.options.Rate == 0 {
		return
	}
	for _, users := range crowd(c.options, c.site) {
		c.workers.Go(func() { c.carry(users) })
	}
	c.workers.Go(c.keepTime)
}

// keepTime puts a request into the queue whenever one is due. Each time is
// counted from the start, so that being late once delays nothing else. What
// finds the queue full is skipped and counted.
func (c *Client) keepTime() {
	between := float64(time.Second) / c.options.Rate
	posts, gets, addresses := 0, 0, 0
	for n := 0; ; n++ {
		at := c.started.Add(time.Duration(float64(n) * between))
		if wait := time.Until(at); wait > 0 && !c.wait(wait) || c.stopping() {
			return
		}
		d := due{kind: GetKind, path: c.options.Paths[gets%len(c.options.Paths)], at: at}
		if int(c.options.PostShare*float64(n+1)) > posts {
			d.kind = PostKind
			posts++
			if int(c.options.AddressShare*float64(posts)) > addresses {
				d.kind = AddressKind
				addresses++
			}
		} else {
			gets++
		}
		select {
		case c.queue <- d:
		default:
			c.ledger.skip()
		}
	}
}

// carry sends requests from the queue on one connection, for its users in
// turn.
func (c *Client) carry(users []*user) {
	w := c.newWire()
	defer w.close()
	for n := 0; ; n++ {
		select {
		case <-c.soft.Done():
			return
		case d := <-c.queue:
			if c.stopping() {
				c.ledger.skip()
				return
			}
			c.exchange(w, users[n%len(users)], d)
		}
	}
}
