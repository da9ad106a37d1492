package store

import (
	"errors"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestALeaseIsGrantedByOwnerAndExpiry(t *testing.T) {
	t.Parallel()
	held := Lease{Owner: "a", Generation: 4, ExpiresAt: noon}
	cases := []struct {
		name   string
		stored Lease
		owner  string
		now    time.Time
		want   uint64
		held   bool
	}{
		{"never held", Lease{}, "a", noon, 1, false},
		{"yielded", Lease{Generation: 4}, "a", noon, 5, false},
		{"the owner again in time", held, "a", noon.Add(-1), 4, false},
		{"the owner again, too late", held, "a", noon, 5, false},
		{"another in time", held, "b", noon.Add(-1), 0, true},
		{"another at the expiry", held, "b", noon, 5, false},
	}
	for _, c := range cases {
		got, err := c.stored.Grant(c.owner, c.now, time.Minute)
		var holder *HeldError
		if errors.As(err, &holder) != c.held || (err != nil) != c.held {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if !c.held && (got.Generation != c.want || !got.ExpiresAt.Equal(c.now.Add(time.Minute)) || got.Owner != c.owner) {
			t.Errorf("%s: got %+v, want generation %d", c.name, got, c.want)
		}
	}
}

func TestALeaseWithoutOwnerOrLengthIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := (Lease{}).Grant("", noon, time.Minute); err == nil {
		t.Error("granted to nobody")
	}
	if _, err := (Lease{}).Grant("a", noon, 0); err == nil {
		t.Error("granted for no time")
	}
	if _, err := (Lease{}).Grant("a", time.Time{}, time.Minute); err == nil {
		t.Error("granted without a time")
	}
	if err := (Lease{}).Fence(Lease{}); !errors.Is(err, ErrFenced) {
		t.Errorf("the empty lease passed the fence: %v", err)
	}
}
