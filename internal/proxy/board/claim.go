package board

import (
	"sync/atomic"
	"time"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// Claim is one request's hold on a side, from Admit to Close.
type Claim struct {
	// NewCookie, if not empty, is to be set as CookieName on the answer.
	NewCookie string

	board    *Board
	service  *service
	arm      *arm
	entry    *ledger.Entry
	endpoint *Endpoint
	sent     atomic.Bool
	tester   bool
}

// App and Side say who serves the request.
func (c *Claim) App() string { return c.service.route.App }

// Side is the side that serves the request.
func (c *Claim) Side() release.Side { return c.arm.side }

// Front says how the app is served.
func (c *Claim) Front() *release.Front { return &c.service.route.Route.Front }

// Limits are the app's, with the defaults filled in.
func (c *Claim) Limits() release.Limits { return c.service.limits }

// Trust is the app's.
func (c *Claim) Trust() route.Trust { return c.service.trust }

// Endpoint returns where to send the request, another than the one before if
// the side has another, nil if it has none. It counts the request in flight
// there.
func (c *Claim) Endpoint(now time.Time) *Endpoint {
	next := c.arm.pick(now, c.endpoint)
	c.moveTo(next)
	return next
}

// Sent records that the request has begun to reach its endpoint: a switch
// need not wait for it any more. It may be called repeatedly and from any
// goroutine.
func (c *Claim) Sent() {
	if c.sent.CompareAndSwap(false, true) {
		c.service.unsent.Add(-1)
	}
}

// Stream records that the request became a stream; see ledger.Entry.Stream.
func (c *Claim) Stream(status int, took time.Duration, cut func()) {
	c.entry.Stream(status, took, cut)
}

// Close ends the claim.
func (c *Claim) Close(end ledger.End) {
	c.moveTo(nil)
	c.entry.Close(end)
	c.Sent()
}

func (c *Claim) moveTo(next *Endpoint) {
	if c.endpoint != nil {
		c.endpoint.inFlight.Add(-1)
	}
	id := ""
	if next != nil {
		next.inFlight.Add(1)
		id = next.ID
	}
	c.entry.At(id)
	c.endpoint = next
}
