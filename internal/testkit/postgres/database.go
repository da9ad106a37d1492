package postgres

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// NewDatabase makes an empty database, which goes with the test, and returns
// where it is reached.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	s.ready(t)
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	s.admin(t, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		select {
		case <-s.process.ended:
			// The server was killed, and its files go as a whole.
		default:
			s.admin(t, "DROP DATABASE "+name+" WITH (FORCE)")
		}
	})
	return s.DSN(name)
}

// Conn returns a connection that is closed when the test ends.
func (s *Server) Conn(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatalf("connecting to the test's PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// The other end may be gone already; nothing is lost by that.
		_ = conn.Close(ctx)
	})
	return conn
}

// admin runs one statement as the owner of everything.
func (s *Server) admin(t testing.TB, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		t.Errorf("connecting to the test's PostgreSQL: %v", err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Errorf("%s: %v", sql, err)
	}
}
