package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"cutover/internal/store"
)

// Acquire takes the lease if it is free, expired at now, or already owner's;
// else it returns a *store.HeldError.
func (j *Journal) Acquire(ctx context.Context, owner string, now time.Time, ttl time.Duration) (store.Lease, error) {
	return j.hand(ctx, "acquire the lease of the journal", func(held store.Lease) (store.Lease, error) {
		return held.Grant(owner, now, ttl)
	})
}

// Renew extends a lease that is still current, else store.ErrFenced.
func (j *Journal) Renew(ctx context.Context, lease store.Lease, now time.Time, ttl time.Duration) (store.Lease, error) {
	return j.hand(ctx, "renew the lease of the journal", func(held store.Lease) (store.Lease, error) {
		return lease.Extend(held, now, ttl)
	})
}

// Yield gives the lease up so that another may take it at once.
func (j *Journal) Yield(ctx context.Context, lease store.Lease) error {
	_, err := j.hand(ctx, "give up the lease of the journal", func(held store.Lease) (store.Lease, error) {
		if !lease.Same(held) {
			return held, nil
		}
		return store.Lease{Generation: held.Generation, ExpiresAt: held.ExpiresAt}, nil
	})
	return err
}

// hand replaces the stored lease by what next makes of it.
func (j *Journal) hand(ctx context.Context, doing string, next func(store.Lease) (store.Lease, error)) (store.Lease, error) {
	var lease store.Lease
	err := j.change(ctx, doing, func(tx *sql.Tx) error {
		held, err := readLease(ctx, tx)
		if err != nil {
			return err
		}
		if lease, err = next(held); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE lease SET owner = ?, generation = ?, expires_at = ? WHERE id = 1",
			lease.Owner, int64(lease.Generation), lease.ExpiresAt.UnixNano())
		return err
	})
	if err != nil {
		return store.Lease{}, err
	}
	return lease, nil
}

func readLease(ctx context.Context, q queryer) (store.Lease, error) {
	var lease store.Lease
	var generation, expires int64
	err := q.QueryRowContext(ctx, "SELECT owner, generation, expires_at FROM lease WHERE id = 1").
		Scan(&lease.Owner, &generation, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return lease, &store.CorruptError{Reason: "the row of the lease is missing"}
	}
	lease.Generation, lease.ExpiresAt = uint64(generation), time.Unix(0, expires).UTC()
	return lease, misread(ctx, err)
}

// leap is far more often than a lease ever changes hands.
const leap = 1 << 20

// Leap frees the lease of a journal that is about to be put back, and raises
// its generation beyond any that the lost records can have seen: the platform
// and the data plane refuse orders older than the newest they know.
func (j *Journal) Leap(ctx context.Context) error {
	_, err := j.hand(ctx, "raise the generation of the lease", func(held store.Lease) (store.Lease, error) {
		return store.Lease{Generation: held.Generation + leap, ExpiresAt: held.ExpiresAt}, nil
	})
	return err
}
