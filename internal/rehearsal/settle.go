package rehearsal

import (
	"context"
	"fmt"
	"time"
)

// settle waits, for a moment, until nobody is connected to the clone: what a
// session counted is known when it has ended.
func (c *clone) settle(ctx context.Context, patience time.Duration) (left int, err error) {
	conn, err := c.maintain(ctx)
	if err != nil {
		return 0, err
	}
	defer closeConn(conn)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'", c.db.Name).Scan(&left); err != nil {
			return 0, fmt.Errorf("look who is connected to the clone: %w", err)
		}
		if left == 0 {
			return 0, nil
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return left, nil
		case <-ctx.Done():
			return left, ctx.Err()
		}
	}
}

// visits returns how many sessions there have been on the clone.
func (c *clone) visits(ctx context.Context) (n int64, err error) {
	conn, err := c.maintain(ctx)
	if err != nil {
		return 0, err
	}
	defer closeConn(conn)
	if err := conn.QueryRow(ctx, "SELECT sessions FROM pg_stat_database WHERE datname = $1", c.db.Name).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the sessions of the clone: %w", err)
	}
	return n, nil
}

// visitedSince reports whether there were sessions on the clone beyond those
// counted before. Sessions are counted when they end, and by old servers a
// moment later.
func (c *clone) visitedSince(ctx context.Context, before int64) (bool, error) {
	left, err := c.settle(ctx, settling)
	if err != nil || left > 0 {
		return left > 0, err
	}
	deadline := time.NewTimer(time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := c.visits(ctx)
		if err != nil || now > before {
			return now > before, err
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
