package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// drain waits until every transaction has ended that may have seen the table
// without its triggers: what it wrote is then there to be filled, and what
// comes later is written under them.
func (s *session) drain(ctx context.Context, since time.Time) error {
	return s.await(ctx, func() (string, error) {
		var pid int
		var user, state, query string
		var age float64
		err := s.conn.QueryRow(ctx, `SELECT pid, coalesce(usename, '?'), coalesce(state, '?'), left(coalesce(query, ''), 80), extract(epoch FROM clock_timestamp() - xact_start)
			FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
				AND xact_start <= $1 AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL) ORDER BY xact_start LIMIT 1`, since).
			Scan(&pid, &user, &state, &query, &age)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("looking for older transactions: %w", err)
		}
		return fmt.Sprintf("process %d of %s has had a transaction open since before the triggers (%s): %s", pid, user, state, query), nil
	})
}
