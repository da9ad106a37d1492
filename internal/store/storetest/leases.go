package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"cutover/internal/store"
)

func unleased(t *testing.T, open Opener) {
	s := open(t)
	try := func(lease store.Lease) {
		t.Helper()
		_, err := s.Append(t.Context(), lease, 0, []store.Record{record("shop", "r", 1)}, nil)
		if !errors.Is(err, store.ErrFenced) {
			t.Errorf("append with lease %+v: %v", lease, err)
		}
	}
	try(store.Lease{})
	try(store.Lease{Owner: "a", Generation: 1})
	lease := acquire(t, s, "a", noon)
	try(store.Lease{Owner: "b", Generation: lease.Generation})
	try(store.Lease{Owner: "a", Generation: lease.Generation + 1})
	try(store.Lease{Owner: "", Generation: lease.Generation})
	if err := s.Yield(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	try(lease)
	try(store.Lease{Generation: lease.Generation})
	nothingSince(t, s, 0)
}

func fenced(t *testing.T, open Opener) {
	old, young := open(t), open(t)
	first := acquire(t, old, "a", noon)
	write(t, old, first, record("shop", "r", 1))
	second := acquire(t, young, "b", noon.Add(time.Minute))

	_, err := old.Append(t.Context(), first, 1, []store.Record{record("shop", "r", 2)}, []store.State{state("k", `1`)})
	if !errors.Is(err, store.ErrFenced) {
		t.Errorf("the old controller's append: %v", err)
	}
	// A fenced writer must learn that it is fenced, not that it was late.
	_, err = old.Append(t.Context(), first, 0, []store.Record{record("shop", "r", 2)}, nil)
	if !errors.Is(err, store.ErrFenced) {
		t.Errorf("the old controller's late append: %v", err)
	}
	nothingSince(t, old, 1)
	write(t, young, second, record("shop", "r", 3))

	// The same owner's name does not bring the old grant back to life.
	third := acquire(t, old, "a", noon.Add(2*time.Minute))
	_, err = old.Append(t.Context(), first, 2, []store.Record{record("shop", "r", 4)}, nil)
	if !errors.Is(err, store.ErrFenced) {
		t.Errorf("append with the first grant: %v", err)
	}
	write(t, old, third, record("shop", "r", 5))
	whole(t, old, 3)
}

func expiredButHeld(t *testing.T, open Opener) {
	s := open(t)
	// Long past by any clock, should an implementation look at its own.
	lease := acquire(t, s, "a", time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC))
	write(t, s, lease, record("shop", "r", 1))
	whole(t, s, 1)
}

func heldByOne(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	lease := acquire(t, a, "a", noon)
	_, err := b.Acquire(t.Context(), "b", noon.Add(time.Minute-1), time.Minute)
	var held *store.HeldError
	if !errors.As(err, &held) {
		t.Fatalf("a held lease was given away: %v", err)
	}
	if got := held.Lease; !got.Same(lease) || !got.ExpiresAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("the holder is said to be %+v, want %+v", got, lease)
	}
	write(t, a, lease, record("shop", "r", 1))
}

func generations(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	for i := range 6 {
		s, owner := a, "a"
		if i%2 == 1 {
			s, owner = b, "b"
		}
		lease := acquire(t, s, owner, noon.Add(time.Duration(i)*time.Minute))
		if lease.Generation != uint64(i+1) || lease.Owner != owner {
			t.Fatalf("take-over %d gave %+v", i, lease)
		}
	}
}

func keeps(t *testing.T, open Opener) {
	s := open(t)
	first := acquire(t, s, "a", noon)
	again := acquire(t, s, "a", noon.Add(time.Minute-1))
	if again.Generation != first.Generation || !again.ExpiresAt.Equal(noon.Add(2*time.Minute-1)) {
		t.Errorf("asked again in time: %+v after %+v", again, first)
	}
	write(t, s, first, record("shop", "r", 1))
	late := acquire(t, s, "a", again.ExpiresAt)
	if late.Generation != first.Generation+1 {
		t.Errorf("asked again after a break: %+v after %+v", late, again)
	}
}

func renews(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	lease := acquire(t, a, "a", noon)
	renewed, err := a.Renew(t.Context(), lease, noon.Add(30*time.Second), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if !renewed.Same(lease) || !renewed.ExpiresAt.Equal(noon.Add(90*time.Second)) || renewed.ExpiresAt.Location() != time.UTC {
		t.Errorf("renewed to %+v", renewed)
	}
	if _, err := b.Acquire(t.Context(), "b", noon.Add(time.Minute), time.Minute); err == nil {
		t.Error("the renewed lease was given away at its first expiry")
	}
	// Late, but nobody took it meanwhile.
	if _, err := a.Renew(t.Context(), lease, noon.Add(time.Hour), time.Minute); err != nil {
		t.Errorf("renew a lease that expired but was not taken: %v", err)
	}
}

func renewFenced(t *testing.T, open Opener) {
	s := open(t)
	first := acquire(t, s, "a", noon)
	second := acquire(t, s, "b", noon.Add(time.Minute))
	if _, err := s.Renew(t.Context(), first, noon.Add(time.Minute), time.Hour); !errors.Is(err, store.ErrFenced) {
		t.Errorf("renew a fenced lease: %v", err)
	}
	if err := s.Yield(t.Context(), first); err != nil {
		t.Errorf("give up a fenced lease: %v", err)
	}
	write(t, s, second, record("shop", "r", 1))
	if _, err := s.Renew(t.Context(), second, noon.Add(time.Minute), 0); err == nil {
		t.Error("renewed for no time")
	}
}

func yields(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	lease := acquire(t, a, "a", noon)
	for range 2 {
		if err := a.Yield(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Renew(t.Context(), lease, noon, time.Minute); !errors.Is(err, store.ErrFenced) {
		t.Errorf("renew a lease that was given up: %v", err)
	}
	next := acquire(t, b, "b", noon)
	if next.Generation != lease.Generation+1 {
		t.Errorf("taken over as %+v after %+v", next, lease)
	}
}

func leaseRace(t *testing.T, open Opener) {
	const askers = 5
	got := make([]store.Lease, askers)
	errs := make([]error, askers)
	var all sync.WaitGroup
	for i := range askers {
		s := open(t)
		all.Go(func() { got[i], errs[i] = s.Acquire(t.Context(), fmt.Sprint("owner-", i), noon, time.Minute) })
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		var held *store.HeldError
		if err == nil {
			won++
			write(t, open(t), got[i], record("shop", "r", i))
		} else if !errors.As(err, &held) {
			t.Errorf("asker %d: %v", i, err)
		}
	}
	if won != 1 {
		t.Errorf("%d askers got the lease", won)
	}
}
