package rehearsal

import (
	"context"
	"fmt"

	"cutover/internal/backup"
	"cutover/internal/schema/postgres/catalogue"
)

// lingering is how long a transaction must have been open to be taken for one
// that the change would have to wait for, in seconds.
const lingering = 5

const lingerers = `SELECT n.nspname || '.' || c.relname, a.pid, coalesce(a.usename, '?'), coalesce(a.state, '?'), extract(epoch FROM clock_timestamp() - a.xact_start)::int8, l.mode
	FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_stat_activity a ON a.pid = l.pid
	WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND a.pid <> pg_backend_pid()
		AND c.relkind IN ('r', 'p', 'm', 'v') AND a.xact_start < clock_timestamp() - make_interval(secs => $1) ORDER BY a.xact_start, 1, 6`

// obstacles lists who, on the database in use, holds what the change would
// wait for, and production's sizes. The clone shows neither.
func obstacles(ctx context.Context, production backup.Source, tables []Table) ([]Reason, error) {
	conn, err := production.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(conn)
	wanted := map[string]string{}
	for _, t := range tables {
		wanted[t.Name] = t.Lock
	}
	rows, err := conn.Query(ctx, lingerers, lingering)
	if err != nil {
		return nil, fmt.Errorf("look who holds locks: %w", err)
	}
	defer rows.Close()
	var found []Reason
	for rows.Next() {
		var table, user, state, mode string
		var pid, age int64
		if err := rows.Scan(&table, &pid, &user, &state, &age, &mode); err != nil {
			return nil, fmt.Errorf("look who holds locks: %w", err)
		}
		if wants := wanted[table]; wants != "" && conflicts(wants, mode) {
			found = append(found, Reason{ID: "blocked-by-session", Verdict: NeedsCare,
				What:     fmt.Sprintf("on the database in use somebody holds %s, on which the change needs %s", table, wants),
				Why:      "the change waits until that transaction ends, and every user of the table behind it; end the session, or run it later",
				Evidence: []string{fmt.Sprintf("process %d of %s, %s, in a transaction for %d s, holds %s", pid, user, state, age, mode)}})
		}
	}
	return found, rows.Err()
}

// production reads the sizes of the database in use.
func production(ctx context.Context, s backup.Source) (*catalogue.Catalogue, error) {
	conn, err := s.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(conn)
	c, err := catalogue.Read(ctx, conn)
	if err != nil {
		return nil, err
	}
	return &c, nil
}
