package postgres_test

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// tracer is called before every statement.
type tracer func(conn *pgx.Conn, sql string)

func (f tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	f(conn, data.SQL)
	return ctx
}

func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// limitOf returns the lock_timeout of a connection, asked below the tracer.
func limitOf(conn *pgx.Conn) string {
	results, err := conn.PgConn().Exec(context.Background(), "SHOW lock_timeout").ReadAll()
	if err != nil {
		return err.Error()
	}
	return string(results[0].Rows[0][0])
}
