package load

import (
	"fmt"
	"time"
)

// pause keeps what has just failed from being tried again at full speed.
const pause = 100 * time.Millisecond

// startSlow starts the workers that always have one slow request under way.
func (c *Client) startSlow() {
	path := fmt.Sprintf("/slow?ms=%d", c.options.SlowFor.Milliseconds())
	for k := range c.options.Slow {
		u := newUser(c.site, c.options.UserCookie, firstSlowUser+k)
		c.workers.Go(func() {
			w := c.newWire()
			defer w.close()
			for !c.stopping() {
				o := c.exchange(w, u, due{SlowKind, path, time.Now()})
				if (o.Fate != Answered || o.Status >= 300) && !c.wait(pause) {
					return
				}
			}
		})
	}
}
