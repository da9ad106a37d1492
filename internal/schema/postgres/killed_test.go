package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/postgres"
	pgtest "cutover/internal/testkit/postgres"
)

// killedAt returns an engine during whose nth statement that begins so its
// server is killed.
func killedAt(t *testing.T, server *pgtest.Server, dsn, begins string, n int) *postgres.Engine {
	e := engineOn(dsn)
	e.Batch = 1
	e.Open = func(ctx context.Context) (*pgx.Conn, error) {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err
		}
		config.Tracer = tracer(func(_ *pgx.Conn, sql string) {
			if strings.HasPrefix(sql, begins) {
				if n--; n == 0 {
					server.Kill(t)
				}
			}
		})
		return pgx.ConnectConfig(ctx, config)
	}
	return e
}

// survives runs a stage, kills the server in it, and runs it again.
func survives(t *testing.T, server *pgtest.Server, dsn, stage, begins string, n int, run func(e *postgres.Engine) error) {
	t.Helper()
	if err := run(killedAt(t, server, dsn, begins, n)); err == nil {
		t.Fatalf("%s did not notice that its server was killed at %s", stage, begins)
	}
	server.Restart(t)
	must(t, stage+" after a kill at "+begins, run(engineOn(dsn)))
}

// killedCrowd has writers of both shapes at work while the server is killed
// in each stage up to the window.
func killedCrowd(t *testing.T) (*crowd, *pgtest.Server) {
	t.Helper()
	server := pgtest.New(t, pgtest.Settings{Fsync: true})
	dsn := server.NewDatabase(t)
	run(t, server.Conn(t, dsn), addresses)
	c := newCrowd(t, dsn)
	c.start(c.old)
	more(t, c.old, 50)
	survives(t, server, dsn, "expand", "CREATE TRIGGER", 1, func(e *postgres.Engine) error { return e.Expand(within(t), addressSplit()) })
	c.start(c.new)
	more(t, c.new, 50)
	for _, at := range []struct {
		begins string
		n      int
	}{{"UPDATE \"public\".\"Address\"", 5}, {"ALTER TABLE \"public\".\"Address\" VALIDATE", 1}, {"SELECT count(*), min(", 1}, {"CREATE INDEX CONCURRENTLY", 1}} {
		e := killedAt(t, server, dsn, at.begins, at.n)
		if err := e.Backfill(within(t), addressSplit(), schema.Position{}, nil); err == nil {
			t.Fatalf("backfill did not notice that its server was killed at %s", at.begins)
		}
		server.Restart(t)
		more(t, c.new, 20)
	}
	must(t, "backfill", engineOn(dsn).Backfill(within(t), addressSplit(), schema.Position{}, nil))
	more(t, c.old, 50)
	server.Kill(t) // in the window
	server.Restart(t)
	more(t, c.new, 50)
	return c, server
}

func TestAServerKilledInEveryStageUpToContractLosesNothingOfWriters(t *testing.T) {
	t.Parallel()
	c, server := killedCrowd(t)
	c.old.end()
	c.apart.Store(true)
	more(t, c.new, perSide*2)
	survives(t, server, c.dsn, "contract", "ALTER TABLE", 2, func(e *postgres.Engine) error { return e.Contract(within(t), addressSplit()) })
	more(t, c.new, 50)
	c.end()
	c.judge(t, server.Conn(t, c.dsn), newShape)
}

func TestAServerKilledInEveryStageUpToRevertLosesNothingOfWriters(t *testing.T) {
	t.Parallel()
	c, server := killedCrowd(t)
	same(t, server.Conn(t, c.dsn), halfRows, int64(0))
	c.new.end()
	survives(t, server, c.dsn, "revert", "ALTER TABLE", 1, func(e *postgres.Engine) error { return e.Revert(within(t), addressSplit()) })
	more(t, c.old, 50)
	c.end()
	c.judge(t, server.Conn(t, c.dsn), oldShape)
}
