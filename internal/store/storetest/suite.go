// Package storetest has the tests that every implementation of the journal
// and its lease passes.
package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"cutover/internal/store"
)

// Store is what is tested: a journal with its lease.
type Store interface {
	store.Journal
	store.Leases
}

// Opener opens one journal, the same at each call, as another controller
// would. It registers what closes it with t.Cleanup.
type Opener func(t *testing.T) Store

// Run puts the whole suite to an implementation. fresh returns the opener of
// a new, empty journal at each call.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Opener)
	}{
		{"an empty journal starts at zero", emptyStart},
		{"records come back as they were written", roundTrip},
		{"an append fills what it was given", fills},
		{"data comes back byte for byte", dataExact},
		{"times come back to the nanosecond", timesExact},
		{"queries select", queries},
		{"states are kept beside the records", states},
		{"a state prefix is taken literally", literalPrefix},
		{"what is returned is the caller's own", ownCopies},
		{"an append at the wrong place writes nothing", conflict},
		{"an invalid record writes nothing", invalid},
		{"a cancelled append writes nothing", cancelled},
		{"an append without records stores states", statesOnly},
		{"of two writers at one place one wins", race},
		{"many writers make one chain", manyWriters},
		{"readers see whole entries only", wholeEntries},
		{"without the lease nothing is written", unleased},
		{"a fenced writer writes nothing", fenced},
		{"an expired lease still writes until it is taken", expiredButHeld},
		{"the lease is held by one", heldByOne},
		{"the generation grows with every change of hands", generations},
		{"the owner keeps its generation", keeps},
		{"a renewal moves the expiry", renews},
		{"a fenced lease cannot be renewed", renewFenced},
		{"a yielded lease is free at once", yields},
		{"of many who ask for the lease one gets it", leaseRace},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, fresh(t))
		})
	}
}

// noon is where the tests' time begins; no test waits for real time.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)

func record(app, release string, n int) store.Record {
	return store.Record{
		App: app, Release: release, Type: "tested", Version: 1,
		At: noon.Add(time.Duration(n) * time.Second), Actor: "suite",
		Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)),
	}
}

func acquire(t *testing.T, s Store, owner string, now time.Time) store.Lease {
	t.Helper()
	lease, err := s.Acquire(t.Context(), owner, now, time.Minute)
	if err != nil {
		t.Fatalf("acquire the lease for %s: %v", owner, err)
	}
	return lease
}

// write appends the records at the journal's end.
func write(t *testing.T, s Store, lease store.Lease, records ...store.Record) store.Head {
	t.Helper()
	head, err := s.Append(t.Context(), lease, end(t, s).Seq, records, nil)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return head
}

func end(t *testing.T, s Store) store.Head {
	t.Helper()
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatalf("head: %v", err)
	}
	return head
}

func read(t *testing.T, s Store, q store.Query) []store.Record {
	t.Helper()
	records, err := s.Records(t.Context(), q)
	if err != nil {
		t.Fatalf("records: %v", err)
	}
	return records
}

// whole fails the test unless the journal verifies and ends at record n.
func whole(t *testing.T, s Store, n int64) {
	t.Helper()
	head, err := s.Verify(t.Context())
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	if now := end(t, s); head != now || head.Seq != n {
		t.Fatalf("verified up to %v, the head is %v, want record %d", head, now, n)
	}
}
