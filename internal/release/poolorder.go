package release

import "time"

// PoolOrder concerns the PgBouncer before an app's database.
type PoolOrder struct {
	Stamp
	Release string `json:"release"`
	Pooler  Pooler `json:"pooler"`
	// Databases are PgBouncer's names for what is concerned.
	Databases []string `json:"databases"`
}

// DrainOrder asks for the server connections to go that a side has left.
type DrainOrder struct {
	PoolOrder
	Side Side `json:"side"`
	// Own are those of Databases that nobody but the side has asked for.
	Own []string `json:"own,omitempty"`
	// Application is the application_name of the side's clients, "" if they
	// cannot be told from the other side's.
	Application string `json:"application,omitempty"`
}

// PoolFileOrder asks for PgBouncer to read another configuration.
type PoolFileOrder struct {
	PoolOrder
	// Back asks for what was there before the release instead of File.
	Back bool `json:"back,omitempty"`
}

// PoolResult is what an action did to the pools.
type PoolResult struct {
	// Open says that PgBouncer was seen to serve clients again, after a pause.
	Open bool `json:"open,omitempty"`
	// Paused is how long clients had to wait at most.
	Paused time.Duration `json:"paused,omitempty"`
	// Note says the outcome for people.
	Note string `json:"note,omitempty"`
}

// words is what the record says of it.
func (r PoolResult) words() string {
	switch {
	case r.Note != "":
		return " (" + r.Note + ")"
	case r.Paused > 0:
		return " (PgBouncer's clients waited for " + r.Paused.Round(time.Millisecond).String() + ")"
	}
	return ""
}
