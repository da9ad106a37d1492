// Package store says what the journal promises. The implementations lie in
// folders of their own; storetest has the suite that each of them passes.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Record is one entry of the journal. Records are never changed or removed.
type Record struct {
	// Seq counts from 1 without gaps over all apps and releases.
	Seq int64 `json:"seq"`
	// App and Release say what the record belongs to; Release is empty for
	// what concerns the app as a whole.
	App     string `json:"app"`
	Release string `json:"release,omitempty"`
	// Type and Version name the event's shape. A reader that does not know
	// them must stop rather than guess.
	Type    string `json:"type"`
	Version int    `json:"version"`
	// At is UTC, in nanoseconds. Actor is who caused it ("engine" or a user).
	At    time.Time       `json:"at"`
	Actor string          `json:"actor"`
	Data  json.RawMessage `json:"data"`
	// PrevHash is the Hash of the record before, Hash covers everything else.
	// Both are hex SHA-256; the first record's PrevHash is 64 zeros.
	PrevHash string `json:"prevHash"`
	Hash     string `json:"hash"`
}

// State is a folded state that is kept beside the journal for quick starts.
type State struct {
	// Key is unique, such as "release/NAME" or "app/NAME".
	Key string `json:"key"`
	// Seq is the last record that is folded in.
	Seq  int64           `json:"seq"`
	Body json.RawMessage `json:"body"`
}

// Head is the end of the journal. An empty journal has Seq 0 and 64 zeros.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Lease is the right to write, for one controller at a time.
type Lease struct {
	Owner string `json:"owner"`
	// Generation grows by one each time the lease changes hands; it is the
	// fencing token that goes with every write.
	Generation uint64    `json:"generation"`
	ExpiresAt  time.Time `json:"expiresAt"`
}

// Query selects records. Zero values select everything.
type Query struct {
	After   int64
	App     string
	Release string
	// Limit is the most records to return; 0 means no limit.
	Limit int
}

// Journal is the append-only log with the states folded from it.
type Journal interface {
	// Head returns the end of the journal.
	Head(ctx context.Context) (Head, error)
	// Append writes records and states in one durable transaction and returns
	// the new head. It fills Seq, PrevHash and Hash of the records, and Seq of
	// the states with the last record's. It refuses with ErrConflict if the
	// journal does not end at after, and with ErrFenced if lease is no longer
	// the current one; nothing is written then.
	Append(ctx context.Context, lease Lease, after int64, records []Record, states []State) (Head, error)
	// Records returns the selected records in order.
	Records(ctx context.Context, q Query) ([]Record, error)
	// States returns all states whose key begins with prefix, sorted by key.
	States(ctx context.Context, prefix string) ([]State, error)
	// Verify reads the whole journal and checks numbering, hashes, the chain
	// and the checkpoint. It returns a *CorruptError for the first bad record.
	Verify(ctx context.Context) (Head, error)
}

// Leases hands the right to write to one controller at a time.
type Leases interface {
	// Acquire takes the lease if it is free, expired at now, or already owner's;
	// else it returns a *HeldError. The generation grows unless owner held it
	// without a break.
	Acquire(ctx context.Context, owner string, now time.Time, ttl time.Duration) (Lease, error)
	// Renew extends a lease that is still current, else ErrFenced.
	Renew(ctx context.Context, lease Lease, now time.Time, ttl time.Duration) (Lease, error)
	// Yield gives the lease up so that another may take it at once. Giving up
	// a lease that is no longer current is no error.
	Yield(ctx context.Context, lease Lease) error
}

// Errors a caller branches on.
var (
	ErrConflict = errors.New("the journal has moved on")
	ErrFenced   = errors.New("the lease belongs to a newer controller")
)

// HeldError says who holds the lease.
type HeldError struct{ Lease Lease }

func (e *HeldError) Error() string {
	return fmt.Sprintf("the lease is held by %s (generation %d) until %s",
		e.Lease.Owner, e.Lease.Generation, e.Lease.ExpiresAt.UTC().Format(time.RFC3339))
}

// CorruptError names the first record that does not hold, and the cure.
type CorruptError struct {
	Seq    int64
	Reason string
	Cure   string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("record %d: %s; %s", e.Seq, e.Reason, e.Cure)
}
