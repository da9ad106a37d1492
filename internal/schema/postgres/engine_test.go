package postgres_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/postgres"
	"cutover/internal/testkit"
	pgtest "cutover/internal/testkit/postgres"
)

var pg pgtest.Server

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"backfill": backfillUntilKilled}, pg.Stop)
}

// within returns a context that outlives everything but a hang.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// engineOn returns an engine for a database.
func engineOn(dsn string) *postgres.Engine {
	return &postgres.Engine{
		Open:        func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, dsn) },
		LockTimeout: 100 * time.Millisecond, MaxPause: 100 * time.Millisecond, Tries: 200, Patience: 4 * time.Minute,
	}
}

// database returns an engine and a connection to a new database in which sql
// has been run.
func database(t *testing.T, sql string) (*postgres.Engine, *pgx.Conn, string) {
	t.Helper()
	dsn := pg.NewDatabase(t)
	conn := pg.Conn(t, dsn)
	run(t, conn, sql)
	return engineOn(dsn), conn, dsn
}

func run(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(within(t), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// value returns the only value a query gives.
func value[T any](t *testing.T, conn *pgx.Conn, sql string) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(within(t), sql, pgx.QueryExecModeExec).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// same fails unless a query gives exactly want.
func same[T comparable](t *testing.T, conn *pgx.Conn, sql string, want T) {
	t.Helper()
	if got := value[T](t, conn, sql); got != want {
		t.Errorf("%s: got %v, want %v", sql, got, want)
	}
}

func change(ops ...schema.Operation) schema.Change {
	return schema.Change{Name: "release_two", Operations: ops}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// expandAndFill takes a change to where new code may start.
func expandAndFill(t *testing.T, e *postgres.Engine, c schema.Change) {
	t.Helper()
	must(t, "expand", e.Expand(within(t), c))
	must(t, "backfill", e.Backfill(within(t), c, schema.Position{}, nil))
	w, err := e.Observe(within(t), c)
	must(t, "observe", err)
	if !w.Expanded || !w.Filled || w.Contracted {
		t.Fatalf("after the backfill the world shows %+v", w)
	}
}

// shapeOf describes a database without rows: columns, indexes, constraints,
// triggers, functions, views and schemas.
const shapeOf = `SELECT string_agg(line, E'\n' ORDER BY line) FROM (
	SELECT 'schema ' || nspname AS line FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%'
	UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' || coalesce(pg_get_expr(adbin, adrelid), '')
		FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
		WHERE attnum > 0 AND NOT attisdropped AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
	UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE connamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
	UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
	UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')) AS lines`

// backfillUntilKilled is a process that fills a few pages, says so by a file,
// and does nothing more until it is killed.
func backfillUntilKilled(ctx context.Context) error {
	e := engineOn(os.Getenv("TEST_DSN"))
	e.Batch = 1
	batches := 0
	return e.Backfill(ctx, bigChange(), schema.Position{}, func(schema.Progress) error {
		if batches++; batches < 10 {
			return nil
		}
		if err := os.WriteFile(os.Getenv("TEST_MARK"), nil, 0o600); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	})
}

// bigTable has enough pages for a backfill of many batches.
const bigTable = `CREATE TABLE people (id bigserial PRIMARY KEY, name text NOT NULL, note text);
	INSERT INTO people (name, note) SELECT 'first' || n || ' last', repeat('x', 60) FROM generate_series(1, 20000) AS n`

func bigChange() schema.Change {
	not := false
	return change(schema.AlterColumn{Table: "people", Column: "name", Type: "varchar(40)", Nullable: &not, Up: "split_part(name, ' ', 1)", Down: "name || ' last'"})
}

// wrongPeople counts rows of the big table that lost or changed their value.
func wrongPeople(column string) string {
	return fmt.Sprintf("SELECT count(*) FROM people WHERE %s IS DISTINCT FROM 'first' || id", column)
}
