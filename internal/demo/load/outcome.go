package load

import "time"

// Kind is the sort of a request.
type Kind string

// The kinds. EventsKind and SocketKind are attempts to open a stream.
const (
	GetKind     Kind = "get"
	PostKind    Kind = "post"
	AddressKind Kind = "address"
	SlowKind    Kind = "slow"
	AbortKind   Kind = "abort"
	EventsKind  Kind = "events"
	SocketKind  Kind = "socket"
)

// Fate is what became of a request. Each has exactly one.
type Fate string

// The fates.
const (
	// Answered requests got a complete answer, whatever its status.
	Answered Fate = "answered"
	// ClientGone requests were given up by the client of its own accord: on
	// purpose, or because Stop ran out of time.
	ClientGone Fate = "client gone"
	// Lost requests got no answer, a cut one, none in time, or one that the
	// proxy made up in the app's place.
	Lost Fate = "lost"
)

// Reason says how a request was lost.
type Reason string

// The reasons. ByProxy is an answer 502, 503 or 504 with the Cutover-Error
// header.
const (
	NoConnection Reason = "no connection"
	NotSent      Reason = "connection broke while sending"
	NoAnswer     Reason = "connection broke before the answer"
	CutAnswer    Reason = "answer cut short"
	TooLate      Reason = "no answer in time"
	ByProxy      Reason = "answered by the proxy"
)

// Outcome is the account of one request.
type Outcome struct {
	ID   string
	Kind Kind
	// Intended is when the request was due, Sent when its first byte was
	// handed to the connection (zero if there was no connection), Done when
	// its fate was known.
	Intended, Sent, Done time.Time
	// Status and Version are of the answer's head; 0 and "" without one.
	Status  int
	Version string
	Fate    Fate
	// Reason is set for lost requests only.
	Reason Reason
	// Mismatched says that the answer belongs to another request: its body or
	// X-Request-Id names another id.
	Mismatched bool
}
