// Package store says what the journal promises. The implementations lie in
// folders of their own; storetest has the suite that each of them passes.
// See DESIGN.md beside this file.
package store

import (
	"context"
	"time"
)

// Journal is the append-only log with the states folded from it. It may be
// used by several goroutines at once.
type Journal interface {
	// Head returns the end of the journal.
	Head(ctx context.Context) (Head, error)
	// Append writes records and states in one durable transaction and returns
	// the new head. It fills Seq, PrevHash and Hash of the records, and Seq of
	// the states with the last record's. It refuses with ErrConflict if the
	// journal does not end at after, and with ErrFenced if lease is no longer
	// the current one; nothing is written then. A lease that has expired but
	// was not taken by another is still current. After any other error the
	// caller must look at Head before it tries again: an interrupted commit
	// may have reached the disk.
	Append(ctx context.Context, lease Lease, after int64, records []Record, states []State) (Head, error)
	// Records returns the selected records in order.
	Records(ctx context.Context, q Query) ([]Record, error)
	// States returns all states whose key begins with prefix, sorted by key.
	// A state may be missing, or lie behind the journal: it saves work, it is
	// not the truth. Whoever needs it folds the records after its Seq.
	States(ctx context.Context, prefix string) ([]State, error)
	// Verify reads the whole journal and checks numbering, hashes, the chain
	// and the checkpoint. It returns a *CorruptError for the first bad record.
	Verify(ctx context.Context) (Head, error)
}

// Leases hands the right to write to one controller at a time. The owner's
// name must be unique to one run of one process: two that share a name share
// the lease.
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

// Query selects records. Zero values select everything.
type Query struct {
	After   int64
	App     string
	Release string
	// Limit is the most records to return; 0 means no limit.
	Limit int
}
