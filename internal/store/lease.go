package store

import (
	"errors"
	"fmt"
	"time"
)

// Lease is the right to write, for one controller at a time.
type Lease struct {
	Owner string `json:"owner"`
	// Generation grows by one each time the lease changes hands; it is the
	// fencing token that goes with every write.
	Generation uint64    `json:"generation"`
	ExpiresAt  time.Time `json:"expiresAt"`
}

// Same reports whether both are the same grant of the lease. The expiry plays
// no part: it moves with every renewal.
func (l Lease) Same(m Lease) bool {
	return l.Owner != "" && l.Owner == m.Owner && l.Generation == m.Generation
}

// Grant returns the lease that owner gets at now for ttl when l is the stored
// one, or a *HeldError if another holds it. An Owner of "" means that nobody
// does. Every implementation decides by this.
func (l Lease) Grant(owner string, now time.Time, ttl time.Duration) (Lease, error) {
	if err := validGrant(owner, now, ttl); err != nil {
		return Lease{}, err
	}
	held := l.Owner != "" && now.Before(l.ExpiresAt)
	if held && l.Owner != owner {
		return Lease{}, &HeldError{Lease: l}
	}
	next := Lease{Owner: owner, Generation: l.Generation, ExpiresAt: now.Add(ttl).Round(0).UTC()}
	if !held {
		next.Generation++
	}
	return next, nil
}

// Extend returns l with its expiry moved to ttl after now, when stored is the
// current lease; else an error that is ErrFenced.
func (l Lease) Extend(stored Lease, now time.Time, ttl time.Duration) (Lease, error) {
	if err := validGrant(l.Owner, now, ttl); err != nil {
		return Lease{}, err
	}
	if err := l.Fence(stored); err != nil {
		return Lease{}, err
	}
	l.ExpiresAt = now.Add(ttl).Round(0).UTC()
	return l, nil
}

// Fence returns nil if stored is the same grant as l, else an error that is
// ErrFenced and says who holds the lease now.
func (l Lease) Fence(stored Lease) error {
	switch {
	case l.Same(stored):
		return nil
	case stored.Owner == "":
		return fmt.Errorf("%s (generation %d): %w: nobody holds it after generation %d",
			l.Owner, l.Generation, ErrFenced, stored.Generation)
	}
	return fmt.Errorf("%s (generation %d): %w: %s (generation %d)",
		l.Owner, l.Generation, ErrFenced, stored.Owner, stored.Generation)
}

func validGrant(owner string, now time.Time, ttl time.Duration) error {
	switch {
	case owner == "":
		return errors.New("a lease needs the name of its owner")
	case ttl <= 0:
		return fmt.Errorf("a lease must last longer than %s", ttl)
	case now.Before(earliest) || now.Add(ttl).After(latest):
		return fmt.Errorf("a lease cannot begin at %s", now.Format(time.RFC3339))
	}
	return nil
}
