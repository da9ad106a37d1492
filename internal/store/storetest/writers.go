package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"cutover/internal/store"
)

func race(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	lease := acquire(t, a, "a", noon)
	const rounds = 10
	for n := range rounds {
		errs := make([]error, 2)
		var both sync.WaitGroup
		for i, s := range []Store{a, b} {
			both.Go(func() {
				r := record("shop", fmt.Sprintf("writer-%d", i), n)
				_, errs[i] = s.Append(t.Context(), lease, int64(n), []store.Record{r}, nil)
			})
		}
		both.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, store.ErrConflict) {
				t.Fatalf("round %d: the loser got %v", n, err)
			}
		}
		if won != 1 {
			t.Fatalf("round %d: %d writers won: %v", n, won, errs)
		}
	}
	whole(t, a, rounds)
}

func manyWriters(t *testing.T, open Opener) {
	const writers, each = 4, 8
	first := open(t)
	lease := acquire(t, first, "a", noon)
	var all sync.WaitGroup
	for i := range writers {
		s := open(t)
		all.Go(func() {
			for n := range each {
				if err := insist(t, s, lease, record("shop", fmt.Sprint(i), n)); err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
			}
		})
	}
	all.Wait()
	whole(t, first, writers*each)
	for i := range writers {
		if got := read(t, first, store.Query{Release: fmt.Sprint(i)}); len(got) != each {
			t.Errorf("writer %d has %d records, want %d", i, len(got), each)
		}
	}
}

// insist appends r, again after each conflict. Each conflict means that
// another writer got on, so that there is an end to it.
func insist(t *testing.T, s Store, lease store.Lease, r store.Record) error {
	for {
		head, err := s.Head(t.Context())
		if err != nil {
			return err
		}
		_, err = s.Append(t.Context(), lease, head.Seq, []store.Record{r}, nil)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// wholeEntries appends pairs while another handle reads: a reader that sees
// an odd number of records saw half an entry.
func wholeEntries(t *testing.T, open Opener) {
	writer, reader := open(t), open(t)
	lease := acquire(t, writer, "a", noon)
	done := make(chan error, 1)
	go func() {
		for n := range 15 {
			pair := []store.Record{record("shop", "r", n), record("shop", "r", n)}
			states := []store.State{{Key: "k", Body: json.RawMessage(fmt.Sprint(n))}}
			if _, err := writer.Append(t.Context(), lease, int64(2*n), pair, states); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		if got := read(t, reader, store.Query{}); len(got)%2 != 0 {
			t.Errorf("a reader saw %d records", len(got))
		}
		if _, err := reader.Verify(t.Context()); err != nil {
			t.Errorf("verify beside a writer: %v", err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			whole(t, reader, 30)
			return
		default:
		}
	}
}
