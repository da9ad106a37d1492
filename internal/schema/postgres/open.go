package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// connectTimeout bounds one attempt to connect.
const connectTimeout = 5 * time.Second

// Opener returns what an Engine connects with: url is an address as libpq
// reads it. An address that cannot be read is an error; it is not shown,
// because it may hold a password.
func Opener(url string) (func(ctx context.Context) (*pgx.Conn, error), error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// What pgx says masks passwords, but only those it recognises.
		return nil, fmt.Errorf("read the address of the database: it is not a PostgreSQL address; write postgres://user@host:port/database")
	}
	config.ConnectTimeout = connectTimeout
	config.RuntimeParams["application_name"] = "cutover"
	return func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, config) }, nil
}
