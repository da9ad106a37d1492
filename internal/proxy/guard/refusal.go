package guard

import "net/http"

// Breach is what a client did to be turned away. It names a counter.
type Breach string

// The breaches.
const (
	// Malformed bytes are no HTTP/1.1, or could be read in two ways.
	Malformed Breach = "malformed"
	// LargeHead: more bytes or fields before the body than allowed.
	LargeHead Breach = "largeHead"
	// SlowHead: the head of a request took longer than allowed.
	SlowHead Breach = "slowHead"
	// SlowBody: a body did not move for longer than allowed.
	SlowBody Breach = "slowBody"
	// LargeBody: a body is larger than allowed.
	LargeBody Breach = "largeBody"
	// Connections: too many at a time from one address.
	Connections Breach = "connections"
)

// Refusal is why a client is turned away. After it the connection is closed.
type Refusal struct {
	Breach Breach
	// Status is what the client is told, Reason why: it has no input in it.
	Status int
	Reason string
}

// Error implements error: a body that is refused half way fails with it.
func (r *Refusal) Error() string { return r.Reason }

func malformed(reason string) *Refusal {
	return &Refusal{Malformed, http.StatusBadRequest, reason}
}

// Refusals that say nothing of the request.
var (
	slowHead  = &Refusal{SlowHead, http.StatusRequestTimeout, "the head of the request took too long"}
	slowBody  = &Refusal{SlowBody, http.StatusRequestTimeout, "the body of the request did not go on"}
	largeHead = &Refusal{LargeHead, http.StatusRequestHeaderFieldsTooLarge, "the head of the request is too large"}
	longLine  = &Refusal{LargeHead, http.StatusRequestURITooLong, "the address asked for is too long"}
	manyNames = &Refusal{LargeHead, http.StatusRequestHeaderFieldsTooLarge, "the head of the request has too many fields"}
	otherHTTP = &Refusal{Malformed, http.StatusHTTPVersionNotSupported, "the version is neither HTTP/1.1 nor HTTP/1.0"}
	crowded   = &Refusal{Connections, http.StatusTooManyRequests, "too many connections from this address at a time"}
)

// TooLarge is the refusal of a body over the limit.
func TooLarge() *Refusal {
	return &Refusal{LargeBody, http.StatusRequestEntityTooLarge, "the body of the request is too large"}
}
