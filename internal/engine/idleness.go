package engine

import (
	"time"

	"cutover/internal/store"
)

// idleness tells a lease that is being kept from one that nobody renews any
// more, without believing a clock: the expiry in the lease was written by the
// holder's, which may have been set back since, and then lies far ahead.
type idleness struct {
	seen  store.Lease
	since time.Time
}

// lasts takes in how the lease stands and reports whether it has not moved for
// longer than a lease lasts. Its holder has stopped acting by then: it steps
// down when it could not renew for three quarters of that (see watch).
func (i *idleness) lasts(l store.Lease, ttl time.Duration) bool {
	// time.Now has a monotonic reading, which no jump of the clock touches.
	if now := time.Now(); !i.seen.Same(l) || !i.seen.ExpiresAt.Equal(l.ExpiresAt) {
		i.seen, i.since = l, now
	}
	return time.Since(i.since) > ttl+ttl/4
}
