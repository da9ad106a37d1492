package former

import (
	"context"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// Plane is a proxy that takes no more connections.
type Plane interface {
	// Account says what it has done, and what happened to users after the
	// event with the number after; those up to it have been counted.
	Account(after uint64) Account
	// Follow makes its requests take the table, and returns how many had not
	// reached their instance on the old way when it stopped waiting.
	Follow(ctx context.Context, table route.Table) (unsettled int64, err error)
	// CloseStreams is admin.Plane's, without a fence.
	CloseStreams(app string, side release.Side, only []string) int
	// Farewell lets it end: its successor knows its last account.
	Farewell()
}

// Account is what a former proxy has done in its life.
type Account struct {
	PID int `json:"pid"`
	// Generation is the table's that its requests take.
	Generation uint64 `json:"generation"`
	// Done says that the account is the last: it carries nothing any more and
	// nothing can reach it.
	Done     bool     `json:"done,omitempty"`
	Unrouted uint64   `json:"unrouted,omitempty"`
	Apps     Readings `json:"apps,omitempty"`
	// Events are what happened to users, for the successor to count.
	Events []ledger.Event `json:"events,omitempty"`
}

// Readings are what the ledgers say, by app.
type Readings map[string]release.Sides[ledger.Reading]

// Add returns the sum of both.
func (r Readings) Add(o Readings) Readings {
	sum := Readings{}
	for app, sides := range r {
		sum[app] = sides
	}
	for app, sides := range o {
		have := sum[app]
		sum[app] = release.Sides[ledger.Reading]{Blue: have.Blue.Plus(sides.Blue), Green: have.Green.Plus(sides.Green)}
	}
	return sum
}

func (r Readings) each(change func(app string, side release.Side, of ledger.Reading) ledger.Reading) Readings {
	out := Readings{}
	for app, sides := range r {
		out[app] = release.Sides[ledger.Reading]{
			Blue: change(app, release.Blue, sides.Blue), Green: change(app, release.Green, sides.Green),
		}
	}
	return out
}

// Base is what a former proxy had counted when its accounts began to be
// added up.
type Base map[string]release.Sides[release.Counters]

// BaseOf is the base that begins with an account.
func BaseOf(r Readings) Base {
	base := Base{}
	for app, sides := range r {
		base[app] = release.Sides[release.Counters]{Blue: sides.Blue.Counters, Green: sides.Green.Counters}
	}
	return base
}

// since counts from the base; without one, from the beginning.
func (b Base) since(r Readings) Readings {
	return r.each(func(app string, side release.Side, of ledger.Reading) ledger.Reading {
		sides, ok := b[app]
		if !ok {
			return of
		}
		out := of.Since(*sides.Of(side))
		out.Latency = nil // not told apart by time
		return out
	})
}
