package release

import "time"

// Front says how users reach an app: it belongs to the app's configuration
// and goes with every route.
type Front struct {
	// Driver names the front end that serves the app, "" for cutover's own
	// proxy. It stays the same for as long as the app stands.
	Driver string `json:"driver,omitempty"`
	// Listen is host:port. Several apps may share one if Hosts or Path differ.
	Listen string `json:"listen"`
	// Hosts limits the app to these Host headers; empty means any.
	Hosts []string `json:"hosts,omitempty"`
	// Path is the path prefix the app answers, "/" for everything.
	Path   string `json:"path"`
	Sticky Sticky `json:"sticky"`
	// PrivateListen, when set, is an address on which every request reaches
	// the side being brought in, before it gets any public traffic.
	PrivateListen string `json:"privateListen,omitempty"`
	// StreamGrace is how long streams (SSE, WebSocket) may stay on a side
	// that is being drained before they are closed, spread over StreamSpread.
	StreamGrace  time.Duration `json:"streamGrace"`
	StreamSpread time.Duration `json:"streamSpread"`
	// Limits bound what clients may take.
	Limits Limits `json:"limits,omitzero"`
	// Trust lists networks (CIDR) of proxies whose word about the client is
	// believed, besides this machine's own.
	Trust []string `json:"trust,omitempty"`
	// Pages are shown where no instance answers; nil for plain text.
	Pages *Pages `json:"pages,omitempty"`
	// Assets are paths whose files both versions may be asked for; none means
	// that every request is answered by its own side only.
	Assets []string `json:"assets,omitempty"`
	// TLS, when set, has Listen speak nothing but TLS.
	TLS *TLS `json:"tls,omitempty"`
	// Backend is what instances are spoken to in; empty is HTTP/1.1.
	Backend Protocol `json:"backend,omitempty"`
	// Hold is how requests wait while no instance can take them.
	Hold Holding `json:"hold,omitzero"`
	// Nginx and HAProxy are the front end itself, where Driver names it.
	Nginx   Nginx   `json:"nginx,omitzero"`
	HAProxy HAProxy `json:"haproxy,omitzero"`
}

// Holding bounds how long a request may wait for an instance that can take it,
// and how many may wait for those of one side at a time. The zero value lets none wait.
type Holding struct {
	AtMost   time.Duration `json:"atMost"`
	Requests int           `json:"requests"`
}

// Held counts the requests of an app that waited for an instance.
type Held struct {
	// Now wait at this moment; they are on no side's account, but for one at
	// most that tries whether an instance is back.
	Now int `json:"now"`
	// Total have waited or do, Late of them in vain; Gone are those whose
	// client left meanwhile. Full were turned away because no more may wait.
	Total uint64 `json:"total"`
	Late  uint64 `json:"late"`
	Gone  uint64 `json:"gone"`
	Full  uint64 `json:"full"`
}

// Plus returns the sum of both.
func (h Held) Plus(o Held) Held {
	return Held{Now: h.Now + o.Now, Total: h.Total + o.Total, Late: h.Late + o.Late, Gone: h.Gone + o.Gone, Full: h.Full + o.Full}
}

// Sticky says what keeps a user on one side: the value of Header if sent,
// else of Cookie if sent, else a cookie of the front's own. Off gives up
// stickiness: each request is decided by itself.
type Sticky struct {
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
	Off    bool   `json:"off,omitempty"`
}

// Endpoint is where the front sends a request to.
type Endpoint struct {
	ID   string `json:"id"`
	Addr string `json:"addr"`
}

// SideRoute is what one side gets: its share and the instances that share it.
type SideRoute struct {
	Weight    Weight     `json:"weight"`
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// Route is everything a front needs to know to serve one app. The two
// weights add up to All, or to None when nothing may be served yet.
type Route struct {
	Front Front            `json:"front"`
	Sides Sides[SideRoute] `json:"sides"`
	// Salt is mixed into the stickiness hash so that each release chooses
	// other users first. It stays the same for a whole release.
	Salt string `json:"salt"`
	// Private names the side reachable by the private listener and the secret
	// header, NoSide for none.
	Private Side `json:"private,omitempty"`
	// Mirror has a share of the requests copied to a side that does not
	// answer them; nil for none.
	Mirror *Mirror `json:"mirror,omitempty"`
}

// Traffic is what a front reports about one app.
type Traffic struct {
	Known bool `json:"known"`
	// Served says that the front has a route for the app at all.
	Served bool `json:"served"`
	// Generation grows with every change of the route.
	Generation uint64 `json:"generation"`
	// Epoch changes whenever counters start again from zero.
	Epoch string             `json:"epoch"`
	Sides Sides[SideTraffic] `json:"sides"`
	// Salt and Private are what the front applies now.
	Salt    string `json:"salt,omitempty"`
	Private Side   `json:"private,omitempty"`
	// Mirror is what the front copies now, Comparison what comparing the
	// answers has shown since it began for this Salt.
	Mirror     *Mirror     `json:"mirror,omitempty"`
	Comparison *Comparison `json:"comparison,omitempty"`
	// Held counts the requests that had to wait for an instance.
	Held Held `json:"held,omitzero"`
}

// SideTraffic is what really happens on one side.
type SideTraffic struct {
	// Weight is the share the front applies, Endpoints where it sends it.
	Weight    Weight     `json:"weight"`
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// Requests and Streams are in flight now, Load splits them by endpoint:
	// it lists every endpoint that is routed or still has work in flight.
	Requests int      `json:"requests"`
	Streams  int      `json:"streams"`
	Load     []Load   `json:"load,omitempty"`
	Counters Counters `json:"counters"`
	// Users is what the verdict compares; it grows within one epoch.
	Users Experience `json:"users"`
	// Excluded are endpoints that the front keeps from requests for a while.
	Excluded []Excluded `json:"excluded,omitempty"`
}

// Excluded is an endpoint that has failed too often: until then it gets no
// request, and after that a single one, which decides.
type Excluded struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until"`
	// Failures are those in a row, Reason is the last one's.
	Failures int64  `json:"failures"`
	Reason   string `json:"reason"`
}

// Load is what is in flight on one endpoint.
type Load struct {
	ID       string `json:"id"`
	Requests int    `json:"requests"`
	Streams  int    `json:"streams"`
}

// Reading is one look at the counters of both sides.
type Reading struct {
	Epoch string          `json:"epoch"`
	Sides Sides[Counters] `json:"sides"`
}

// Reading returns the counters of both sides as they stand.
func (t Traffic) Reading() Reading {
	return Reading{Epoch: t.Epoch, Sides: Sides[Counters]{Blue: t.Sides.Blue.Counters, Green: t.Sides.Green.Counters}}
}

// Counters only ever grow within one epoch, with one exception: a request that
// no instance could take and that waits for one is taken off Accepted, and
// accepted anew by the side that gets it then. Accepted equals Answered plus
// ClientGone plus Lost plus what is in flight.
type Counters struct {
	Accepted   uint64 `json:"accepted"`
	Answered   uint64 `json:"answered"`
	ClientGone uint64 `json:"clientGone"`
	// Lost requests got no answer of the app, or one that was cut.
	Lost uint64 `json:"lost"`
	// Errors are the answers with a 5xx status, whoever made them.
	Errors uint64 `json:"errors"`
	// CutStreams are streams that broke off: nobody had ended them.
	CutStreams uint64 `json:"cutStreams"`
	// ClosedStreams are streams that the front ended on order, properly: with a
	// last chunk or a close frame. They count as answered.
	ClosedStreams uint64 `json:"closedStreams,omitempty"`
}

// Minus returns the growth since an earlier reading of the same epoch.
func (c Counters) Minus(base Counters) Counters {
	return Counters{
		Accepted: c.Accepted - base.Accepted, Answered: c.Answered - base.Answered,
		ClientGone: c.ClientGone - base.ClientGone, Lost: c.Lost - base.Lost,
		Errors: c.Errors - base.Errors, CutStreams: c.CutStreams - base.CutStreams,
		ClosedStreams: c.ClosedStreams - base.ClosedStreams,
	}
}

// Plus returns the sum of both.
func (c Counters) Plus(d Counters) Counters {
	return Counters{
		Accepted: c.Accepted + d.Accepted, Answered: c.Answered + d.Answered,
		ClientGone: c.ClientGone + d.ClientGone, Lost: c.Lost + d.Lost,
		Errors: c.Errors + d.Errors, CutStreams: c.CutStreams + d.CutStreams,
		ClosedStreams: c.ClosedStreams + d.ClosedStreams,
	}
}
