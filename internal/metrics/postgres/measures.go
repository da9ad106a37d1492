package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cutover/internal/signal"
)

// The questions. $1 is a pattern for application_name, NULL for everybody;
// hidden counts sessions whose doings the role may not see.
const (
	connections = `
SELECT CASE WHEN $1::text IS NULL THEN (SELECT coalesce(sum(numbackends), 0) FROM pg_stat_database)
            ELSE (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND application_name LIKE $1) END::float8,
       (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true), '0')::int)::float8, 0`
	waitingLocks = `
SELECT count(DISTINCT l.pid)::float8, 0::float8, 0
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE NOT l.granted AND ($1::text IS NULL OR a.application_name LIKE $1)`
	sessions = `FROM pg_stat_activity
 WHERE datid IS NOT NULL AND pid <> pg_backend_pid() AND ($1::text IS NULL OR application_name LIKE $1)`
	hidden             = `count(*) FILTER (WHERE query = '<insufficient privilege>') `
	longestTransaction = `
SELECT greatest(coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0), 0)::float8, 0::float8, ` + hidden + sessions
	slowStatements = `
SELECT count(*) FILTER (WHERE state = 'active' AND clock_timestamp() - query_start > make_interval(secs => $2::float8))::float8, 0::float8, ` + hidden + sessions
)

// ask puts the measure's question.
func (l *line) ask(ctx context.Context, src signal.Source, only string) (signal.Reading, error) {
	if err := l.connect(ctx); err != nil {
		return signal.Reading{}, err
	}
	var pattern *string
	if only != "" {
		like := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`).Replace(only)
		pattern = &like
	}
	args := []any{pattern}
	var question string
	switch src.Query {
	case signal.Connections:
		question = connections
	case signal.WaitingLocks:
		question = waitingLocks
	case signal.LongestTransaction:
		question = longestTransaction
	case signal.SlowStatements:
		question, args = slowStatements, append(args, src.Longer.Seconds())
	default:
		_, err := signal.FindMeasure(signal.Postgres, src.Query)
		return signal.Reading{}, errors.Join(err)
	}
	var r signal.Reading
	var unseen int
	if err := l.conn.QueryRow(ctx, question, args...).Scan(&r.Value, &r.Of, &unseen); err != nil {
		return r, fmt.Errorf("ask the database for %s: %w", src.Query, err)
	}
	if unseen > 0 {
		return r, fmt.Errorf("the role may not see what %d other sessions do: GRANT pg_read_all_stats to it", unseen)
	}
	return r, nil
}
