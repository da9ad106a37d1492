package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"cutover/internal/environ"
)

// Room asks how many connections a server has in all, how many of them ordinary
// users cannot have, and how many other users than this one have now. url may be
// a reference; the error never has it.
func Room(ctx context.Context, url string) (all, kept, others int, err error) {
	if url, err = environ.Value(url); err != nil {
		return 0, 0, 0, err
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, 0, 0, errors.New("read the address of the database: it is not one of PostgreSQL: correct what spec.database.url refers to")
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("count the database's connections: %w: see that it runs and takes the app's user, or correct spec.database.url", err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	err = c.QueryRow(ctx, `
SELECT current_setting('max_connections')::int,
       current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename IS DISTINCT FROM current_user)::int`).Scan(&all, &kept, &others)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("count the database's connections: %w", err)
	}
	return all, kept, others, nil
}
