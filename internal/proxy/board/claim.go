package board

import (
	"sync/atomic"
	"time"

	"cutover/internal/proxy/hold"
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
// there. repeatable says that the request may be sent again whatever becomes
// of it: such requests are the ones that test an endpoint that was sick.
func (c *Claim) Endpoint(now time.Time, repeatable bool) *Endpoint {
	next := c.arm.pick(c, now, c.endpoint, repeatable)
	c.moveTo(next)
	return next
}

// Failed records that the endpoint has failed the request, in a way that
// tells of the endpoint. Often enough in a row it keeps requests away from
// it, as long as the side has enough others.
func (c *Claim) Failed(now time.Time, t Trouble) {
	if c.endpoint != nil {
		c.arm.ward.failed(c.arm.endpoints, c.endpoint, now, t)
	}
}

// Served records that the endpoint has answered: it is healthy.
func (c *Claim) Served() {
	if c.endpoint != nil {
		c.arm.ward.recovered(c.endpoint)
	}
}

// Reached records that the request has begun to reach its endpoint, like Sent,
// and that the endpoint takes requests: those that wait for one are called.
func (c *Claim) Reached() {
	c.Sent()
	c.arm.room.Back()
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

// Holding is how the side's requests may wait for an instance.
func (c *Claim) Holding() release.Holding { return c.service.route.Route.Front.Hold }

// Room is where they wait.
func (c *Claim) Room() *hold.Room { return c.arm.room }

// Withdraw ends the claim of a request that has reached no endpoint, as if it
// had never been made: no side accounts for it until it is admitted again.
func (c *Claim) Withdraw() {
	c.moveTo(nil)
	c.entry.Withdraw()
	c.Sent()
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
		c.endpoint.tester.CompareAndSwap(c, nil)
	}
	id := ""
	if next != nil {
		next.inFlight.Add(1)
		id = next.ID
	}
	c.entry.At(id)
	c.endpoint = next
}
