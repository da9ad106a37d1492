package pace

import (
	"fmt"
	"time"
)

const (
	// firstPages is the size of a first batch, mostPages that of the largest.
	firstPages, mostPages = 8, 1024
	// longestRest keeps a slowed fill going, and its decisions fresh.
	longestRest = 2 * time.Second
	// patience is how long a change of the share is given to show itself.
	patience = 500 * time.Millisecond
	// first is the part of the allowed share that it begins with, and begins
	// again with after a stop; least is what any pressure leaves of it, as not
	// every load goes away when the fill does less.
	first, least = 1.0 / 8, 1.0 / 16
)

// Reading is what was seen since the last one.
type Reading struct {
	// Now is when it was taken.
	Now time.Time
	// Took is how long the fill has worked since, 0 if not at all.
	Took time.Duration
	// Pages is how many pages a batch covered that has just ended, 0 in the
	// middle of one; Slowest is its longest statement.
	Pages   int64
	Slowest time.Duration
	// Written is how many bytes of log the server has written since.
	Written int64
	Load    Load
}

// Decision is what to do next.
type Decision struct {
	// Pages is how many pages the next batch covers, 1 to 1024.
	Pages int64
	// Rest is how long to do nothing first, at most 2 s.
	Rest time.Duration
	// Stop means that no batch may follow: rest, read, and ask again.
	Stop bool
	// Reason says what holds the fill back beyond the share it may take; ""
	// if nothing does.
	Reason string
}

// Controller makes the decisions of one fill. Its methods are not safe for
// concurrent use.
type Controller struct {
	limits  Limits
	pages   int64
	share   float64
	stopped bool
	// last is when the reading before was taken, changed when the share last
	// went up or down.
	last, changed time.Time
	owed          time.Duration
}

// New returns a controller for limits. It begins with small batches and, if
// there is a load to heed, with an eighth of the share that it may take.
func New(l Limits) *Controller {
	c := &Controller{limits: l, pages: firstPages, share: l.share()}
	if l.Watches() {
		c.share *= first
	}
	return c
}

// Next takes a reading and decides.
func (c *Controller) Next(r Reading) Decision {
	if c.last.IsZero() {
		c.last, c.changed = r.Now, r.Now
	}
	c.resize(r)
	d := Decision{Reason: c.weigh(r), Stop: c.stopped, Pages: c.pages}
	d.Rest = time.Duration(float64(r.Took) * (1 - c.share) / c.share)
	if d.Stop {
		d.Rest = max(d.Rest, patience)
	}
	if owed := c.owe(r); owed > d.Rest {
		d.Rest = owed
		d.Reason = join(d.Reason, fmt.Sprintf("the log may grow by %.1f MB/s", float64(c.limits.WAL)/(1<<20)))
	}
	d.Rest = min(d.Rest, longestRest)
	c.last = r.Now
	return d
}

// owe returns for how long nothing may be written, so that the log grows no
// faster than it may. Rests pay off what was written too fast, of which not
// more is remembered than a few rests: users' own writing is no debt of ours.
func (c *Controller) owe(r Reading) time.Duration {
	if c.limits.WAL <= 0 {
		return 0
	}
	due := time.Duration(float64(r.Written) / float64(c.limits.WAL) * float64(time.Second))
	c.owed = max(0, min(4*longestRest, c.owed+due-r.Now.Sub(c.last)))
	return c.owed
}

// resize aims the next batch at the time it should take, by at most a factor
// of two, so that one odd batch does not mislead it for long.
func (c *Controller) resize(r Reading) {
	if r.Pages <= 0 || r.Slowest <= 0 {
		return
	}
	aim := int64(float64(r.Pages) * float64(c.limits.batch()) / float64(r.Slowest))
	c.pages = max(1, min(mostPages, max(r.Pages/2, min(r.Pages*2, aim))))
}

// weigh holds the load against the limits, moves the share, and says what is
// too much.
func (c *Controller) weigh(r Reading) string {
	if over := r.Load.over(c.limits.Stop); over != "" {
		c.stopped = true
		c.share = c.limits.share() * first
		c.changed = r.Now
		return over
	}
	if c.stopped {
		if over := r.Load.over(c.limits.calm()); over != "" {
			return over
		}
		c.stopped, c.changed = false, r.Now
	}
	over := r.Load.over(c.limits.Slow)
	if r.Now.Sub(c.changed) < patience {
		return over
	}
	// A quarter more when all is well, half as much when it is not: what it
	// takes settles below what hurts.
	full := c.limits.share()
	if over != "" {
		c.share = max(c.share/2, full*least)
	} else {
		c.share = min(c.share*1.25, full)
	}
	c.changed = r.Now
	return over
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
