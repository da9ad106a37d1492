package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// refereeEvery is the time between two looks. A user's session looks for a
// deadlock after deadlock_timeout, a second as PostgreSQL comes, and gives up
// if it finds one: several looks have to fit in before.
const refereeEvery = 50 * time.Millisecond

// knots finds the sessions of a name that wait for somebody who, directly or
// through others, waits for them, and cancels what they are about.
const knots = `WITH RECURSIVE waits(began, pid) AS (
  SELECT a.pid, b FROM pg_stat_activity a, unnest(pg_blocking_pids(a.pid)) b
  WHERE a.application_name = $1 AND a.datname = current_database() AND a.wait_event_type = 'Lock'
  UNION SELECT w.began, b FROM waits w, unnest(pg_blocking_pids(w.pid)) b)
SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM (SELECT DISTINCT began AS pid FROM waits WHERE began = pid) k`

// Referee sees to it that no user loses a deadlock with a migration that is
// not cutover's own: PostgreSQL lets the session lose that looks first, and
// that may be the user's. The referee has the migration give way, which can be
// tried again.
type Referee struct {
	// Open connects, as a role that sees and may cancel the migration's
	// sessions: that which the migration uses, or a member of pg_monitor and
	// pg_signal_backend. Another one sees no deadlocks.
	Open func(ctx context.Context) (*pgx.Conn, error)
	// Name is the application_name of the migration's sessions.
	Name string
}

// Watch looks until ctx ends, and returns how many statements it has
// cancelled. An error, but not the end of ctx, says that it could not look any
// longer.
func (r Referee) Watch(ctx context.Context) (cancelled int, err error) {
	conn, err := r.Open(ctx)
	if err != nil && ctx.Err() != nil {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("connect to watch over the migration: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
		defer cancel()
		_ = conn.Close(closing) // the server notices one that could not be closed well
	}()
	tick := time.NewTicker(refereeEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		now, err := r.look(context.WithoutCancel(ctx), conn)
		if err != nil {
			return cancelled, err
		}
		cancelled += now
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return cancelled, nil
}

// look goes on when the watch ends, so that what it cancels is counted.
func (r Referee) look(ctx context.Context, conn *pgx.Conn) (cancelled int, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := conn.QueryRow(ctx, knots, r.Name).Scan(&cancelled); err != nil {
		return 0, fmt.Errorf("watch over the migration: %w", err)
	}
	return cancelled, nil
}
