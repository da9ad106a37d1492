// Package memory keeps a journal in memory, for tests and simulations that
// need no disk. It keeps every promise of the store but durability.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cutover/internal/audit"
	"cutover/internal/store"
)

// Store is an empty journal with a free lease when it is zero. Controllers
// share a journal by sharing the Store.
type Store struct {
	mu      sync.Mutex
	records []store.Record
	states  map[string]store.State
	lease   store.Lease
}

var (
	_ store.Journal = (*Store)(nil)
	_ store.Leases  = (*Store)(nil)
)

// Head returns the end of the journal.
func (s *Store) Head(ctx context.Context) (store.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head(), ctx.Err()
}

func (s *Store) head() store.Head {
	if len(s.records) == 0 {
		return store.Start()
	}
	last := s.records[len(s.records)-1]
	return store.Head{Seq: last.Seq, Hash: last.Hash}
}

// Append writes records and states, or nothing at all.
func (s *Store) Append(ctx context.Context, lease store.Lease, after int64, records []store.Record, states []store.State) (store.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return store.Head{}, fmt.Errorf("append to the journal: %w", err)
	}
	if err := lease.Fence(s.lease); err != nil {
		return store.Head{}, fmt.Errorf("append to the journal: %w", err)
	}
	entry, err := store.Compose(s.head(), after, records, states)
	if err != nil {
		return store.Head{}, fmt.Errorf("append to the journal: %w", err)
	}
	for _, r := range entry.Records {
		s.records = append(s.records, cloneRecord(r))
	}
	for _, state := range entry.States {
		if s.states == nil {
			s.states = make(map[string]store.State)
		}
		s.states[state.Key] = cloneState(state)
	}
	entry.Fill(records, states)
	return entry.Head, nil
}

// Records returns the selected records in order.
func (s *Store) Records(ctx context.Context, q store.Query) ([]store.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []store.Record
	for _, r := range s.records[min(max(q.After, 0), int64(len(s.records))):] {
		if (q.App != "" && q.App != r.App) || (q.Release != "" && q.Release != r.Release) {
			continue
		}
		found = append(found, cloneRecord(r))
		if len(found) == q.Limit {
			break
		}
	}
	return found, ctx.Err()
}

// States returns all states whose key begins with prefix, sorted by key.
func (s *Store) States(ctx context.Context, prefix string) ([]store.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []store.State
	for _, key := range slices.Sorted(maps.Keys(s.states)) {
		if strings.HasPrefix(key, prefix) {
			found = append(found, cloneState(s.states[key]))
		}
	}
	return found, ctx.Err()
}

// Verify checks the whole journal. There is no checkpoint: memory cannot be
// cut off or replaced from outside.
func (s *Store) Verify(ctx context.Context) (store.Head, error) {
	report, err := audit.Verify(ctx, audit.Trail{Source: s, Place: "the journal in memory"})
	return report.Head, err
}

// Acquire takes the lease if it is free, expired at now, or already owner's.
func (s *Store) Acquire(ctx context.Context, owner string, now time.Time, ttl time.Duration) (store.Lease, error) {
	return s.change(ctx, func(held store.Lease) (store.Lease, error) { return held.Grant(owner, now, ttl) })
}

// Renew extends a lease that is still current.
func (s *Store) Renew(ctx context.Context, lease store.Lease, now time.Time, ttl time.Duration) (store.Lease, error) {
	return s.change(ctx, func(held store.Lease) (store.Lease, error) { return lease.Extend(held, now, ttl) })
}

// Yield gives the lease up if it is current.
func (s *Store) Yield(ctx context.Context, lease store.Lease) error {
	_, err := s.change(ctx, func(held store.Lease) (store.Lease, error) {
		if !lease.Same(held) {
			return held, nil
		}
		return store.Lease{Generation: held.Generation}, nil
	})
	return err
}

func (s *Store) change(ctx context.Context, next func(store.Lease) (store.Lease, error)) (store.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return store.Lease{}, err
	}
	lease, err := next(s.lease)
	if err != nil {
		return store.Lease{}, err
	}
	s.lease = lease
	return lease, nil
}

func cloneRecord(r store.Record) store.Record {
	r.Data = bytes.Clone(r.Data)
	return r
}

func cloneState(s store.State) store.State {
	s.Body = bytes.Clone(s.Body)
	return s
}
