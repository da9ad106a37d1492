package admin

import (
	"context"
	"time"

	"cutover/internal/certificate"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
	"cutover/internal/shadow/record"
)

// Plane is the proxy as its admin socket sees it.
type Plane interface {
	Health() Health
	// Table returns the table in force.
	Table() route.Table
	// Change replaces or removes one service, all or nothing. It fails with
	// release.ErrFenced, ErrGeneration, ErrInvalid or ErrListen, and then the
	// table in force is the one before. When it returns without an error the
	// change survives every crash and no new request takes the old route.
	Change(ctx context.Context, c Change) (Changed, error)
	// Stats reads one app's state and accounts. It fails if not all of them
	// can be known.
	Stats(ctx context.Context, app string) (Stats, error)
	// CloseStreams begins to close the streams of a side and returns how
	// many there are. It fails with release.ErrFenced and ErrInvalid.
	CloseStreams(c CloseStreams) (int, error)
	// Requests returns an app's requests as they come in, until stop is called.
	Requests(of Recording) (from <-chan record.Request, stop func())
}

// Health says which process answers.
type Health struct {
	PID     int    `json:"pid"`
	Version string `json:"version"`
	// Epoch is random for each start, and handed over in a takeover: counters
	// of different epochs cannot be compared.
	Epoch   string    `json:"epoch"`
	Started time.Time `json:"started"`
	// Generation and Fence are those of the table in force.
	Generation uint64 `json:"generation"`
	Fence      uint64 `json:"fence"`
	// Unrouted requests were refused because no app answers them.
	Unrouted uint64 `json:"unrouted"`
	// Former are the processes that this one took over from and that still
	// carry requests; 0 stands for one that does not answer.
	Former []int `json:"former,omitempty"`
	// Refused clients broke a limit or the rules of HTTP, by breach.
	Refused map[guard.Breach]uint64 `json:"refused,omitempty"`
	// Notice says what was wrong with the state at the start, if anything.
	Notice string `json:"notice,omitempty"`
	// Certificates says how each stands, in order of app.
	Certificates []certificate.Status `json:"certificates,omitempty"`
}

// Change is one change of the table, valid only for the generation it was
// made for.
type Change struct {
	Generation uint64
	Fence      uint64
	App        string
	// Service replaces app's service; nil removes it.
	Service *route.Service
}

// Changed is the answer to a Change.
type Changed struct {
	// Generation is the table's; it is the one before if the change asked for
	// what is there already.
	Generation uint64 `json:"generation"`
	// Unsettled requests took the old route before the change and had not
	// reached their instance when the proxy stopped waiting for them. They
	// are counted in flight.
	Unsettled int64 `json:"unsettled"`
}

// Stats is what the proxy does for one app.
type Stats struct {
	Epoch string `json:"epoch"`
	// Served says that the table has a service for the app; Generation is
	// the one in which it last changed, Route what it serves.
	Served     bool                          `json:"served"`
	Generation uint64                        `json:"generation"`
	Route      release.Route                 `json:"route"`
	Sides      release.Sides[ledger.Reading] `json:"sides"`
	// Excluded are the endpoints that get no requests for a while; Held counts
	// the requests that had to wait for one.
	Excluded release.Sides[[]release.Excluded] `json:"excluded,omitzero"`
	Held     release.Held                      `json:"held,omitzero"`
	// Comparison is what copying requests has shown for the route's release.
	Comparison *release.Comparison `json:"comparison,omitempty"`
}

// CloseStreams asks for the streams of one side to be closed, or those on the
// named instances of it.
type CloseStreams struct {
	App       string       `json:"app"`
	Side      release.Side `json:"side"`
	Instances []string     `json:"instances,omitempty"`
	// Fence goes in a header.
	Fence uint64 `json:"-"`
}

// service is the body of a PUT.
type service struct {
	Route      release.Route `json:"route"`
	SecretHash string        `json:"secretHash,omitempty"`
}

// closing is the answer to CloseStreams.
type closing struct {
	Closing int `json:"closing"`
}
