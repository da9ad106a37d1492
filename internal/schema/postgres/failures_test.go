package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/postgres"
	"cutover/internal/testkit"
)

// The failures of today's tools, by their numbers in DESIGN.md.

// killInBackfill expands the big change and kills a process in mid backfill.
func killInBackfill(t *testing.T, e *postgres.Engine, dsn string) {
	t.Helper()
	must(t, "expand", e.Expand(within(t), bigChange()))
	mark := filepath.Join(t.TempDir(), "mark")
	p := testkit.Start(t, "backfill", "TEST_DSN="+dsn, "TEST_MARK="+mark)
	testkit.Await(t, "ten batches", func() bool { _, err := os.Stat(mark); return err == nil })
	p.Kill()
}

func TestP1AContractAfterAKilledBackfillIsRefusedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, strings.Replace(bigTable, "name text NOT NULL", "name text", 1))
	killInBackfill(t, e, dsn)
	filled := value[int64](t, conn, `SELECT count(*) FROM people WHERE "cutover_new_name" IS NOT NULL`)
	if filled == 0 || filled == 20000 {
		t.Fatalf("%d rows were filled before the kill, so that it was not in mid backfill", filled)
	}
	if err := e.Contract(within(t), bigChange()); !errors.Is(err, postgres.ErrNotVerified) {
		t.Fatalf("contract after a killed backfill: %v", err)
	}
	same(t, conn, "SELECT count(*) FROM people WHERE name = 'first' || id || ' last'", int64(20000))
	must(t, "backfill", e.Backfill(within(t), bigChange(), schema.Position{}, nil))
	must(t, "contract", e.Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
}

func TestP2OnAColumnThatIsNotNullTheOldOneStaysUntilAllIsProven(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, bigTable)
	before := value[string](t, conn, shapeOf)
	killInBackfill(t, e, dsn)
	if err := e.Contract(within(t), bigChange()); !errors.Is(err, postgres.ErrNotVerified) {
		t.Fatalf("contract after a killed backfill: %v", err)
	}
	must(t, "revert", e.Revert(within(t), bigChange()))
	same(t, conn, shapeOf, before)
	same(t, conn, "SELECT count(*) FROM people WHERE name = 'first' || id || ' last'", int64(20000))
}

func TestP3AKilledBackfillGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, bigTable)
	must(t, "expand", e.Expand(within(t), bigChange()))
	e.Batch = 1
	enough := errors.New("enough")
	var at schema.Position
	err := e.Backfill(within(t), bigChange(), schema.Position{}, func(p schema.Progress) error {
		if at = p.Position; at.Page > 20 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	must(t, "expand again", e.Expand(within(t), bigChange()))
	first := int64(-1)
	must(t, "backfill", engineOn(dsn).Backfill(within(t), bigChange(), at, func(p schema.Progress) error {
		if first < 0 {
			first = p.Position.Page - p.Batch
		}
		return nil
	}))
	if first != at.Page {
		t.Errorf("the backfill went on at page %d, want %d", first, at.Page)
	}
	must(t, "contract", e.Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
}

func TestP4AnExpressionThatDoesNotParseOrFailsIsRefusedBeforeAnythingExists(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) VALUES ('x'), (NULL)`)
	before := value[string](t, conn, shapeOf)
	for up, want := range map[string]string{"split_part(a, ' ', 1": "cannot be evaluated", "a::int": "cannot be evaluated", "nothere": "cannot be evaluated", "a": "does not take"} {
		not := false
		err := e.Expand(within(t), change(schema.AlterColumn{Table: "t", Column: "a", Type: "text", Nullable: &not, Up: up, Down: "a"}))
		if !errors.Is(err, postgres.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("up %q: %v", up, err)
		}
	}
	err := e.Expand(within(t), change(schema.RenameColumn{Table: "t", From: "a", To: "b"}, schema.Merge{Table: "t", Columns: []string{"id", "id"}}))
	if !errors.Is(err, postgres.ErrRefused) {
		t.Errorf("a merge without anything: %v", err)
	}
	same(t, conn, shapeOf, before)
}

// shimmed returns an expanded change of t.a whose new shape is in upper case,
// and the name of its views' schema.
func shimmed(t *testing.T) (*postgres.Engine, *pgx.Conn, *pgx.Conn, schema.Change) {
	t.Helper()
	e, conn, dsn := database(t, `CREATE TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) VALUES ('one')`)
	c := change(schema.AlterColumn{Table: "t", Column: "a", Type: "varchar(20)", Up: "upper(a)", Down: "lower(a)"})
	expandAndFill(t, e, c)
	return e, conn, pg.Conn(t, dsn), c
}

func TestP5NewCodeWithAForeignSearchPathLosesNoWrite(t *testing.T) {
	t.Parallel()
	e, old, app, c := shimmed(t)
	run(t, app, "SET search_path = "+postgres.Shim(c)+", public")
	run(t, app, "UPDATE t SET a = 'TWO' WHERE id = 1; INSERT INTO t (a) VALUES ('THREE')")
	same(t, old, "SELECT string_agg(a, ',' ORDER BY id) FROM t", "two,three")
	run(t, old, "UPDATE t SET a = 'four' WHERE id = 1")
	same(t, app, "SELECT string_agg(a, ',' ORDER BY id) FROM t", "FOUR,THREE")
	must(t, "contract", e.Contract(within(t), c))
	same(t, app, "SELECT string_agg(a, ',' ORDER BY id) FROM t", "FOUR,THREE")
}

func TestP6AQualifiedWriteWithTheUsualSearchPathLosesNothing(t *testing.T) {
	t.Parallel()
	e, old, app, c := shimmed(t)
	run(t, app, "UPDATE "+postgres.Shim(c)+".t SET a = 'TWO' WHERE id = 1")
	same(t, old, "SELECT a FROM t", "two")
	must(t, "revert", e.Revert(within(t), c))
	same(t, old, "SELECT a FROM t", "two")
	same(t, old, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'cutover%'", int64(0))
}

func TestP7P8P9WhatDependsOnTheOldShapeIsFoundBeforeAnythingExists(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"P7 a view":               {"CREATE TABLE t (id int PRIMARY KEY, a text); CREATE VIEW v AS SELECT a FROM t", "view v"},
		"P8 a generated column":   {"CREATE TABLE t (id int PRIMARY KEY, a text, g text GENERATED ALWAYS AS (a || 'x') STORED)", "generated column g"},
		"P9 a partitioned one":    {"CREATE TABLE t (id int, a text) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t DEFAULT", "partitioned"},
		"a parent":                {"CREATE TABLE t (id int, a text); CREATE TABLE t1 () INHERITS (t)", "inherits"},
		"a policy":                {"CREATE TABLE t (id int, a text); CREATE POLICY mine ON t USING (a = 'x')", "policy mine"},
		"a rule":                  {"CREATE TABLE t (id int, a text); CREATE RULE r AS ON INSERT TO t WHERE NEW.a = 'x' DO INSTEAD NOTHING", "depends on the column a"},
		"a publication":           {"CREATE TABLE t (id int PRIMARY KEY, a text); CREATE PUBLICATION p FOR TABLE t (id, a) ; ALTER TABLE t ADD COLUMN c int", "publication p"},
		"a foreign key to it":     {"CREATE TABLE t (id int, a text UNIQUE); CREATE TABLE o (a text REFERENCES t (a))", "foreign key of o o_a_fkey"},
		"an exclusion constraint": {"CREATE TABLE t (id int, a text, EXCLUDE (a WITH =))", "exclusion constraint t_a_excl"},
		"a primary key":           {"CREATE TABLE t (a text PRIMARY KEY)", "primary key t_pkey"},
		"a user's trigger": {`CREATE TABLE t (id int, a text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
			CREATE TRIGGER theirs BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()`, "trigger theirs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, conn, _ := database(t, c.sql)
			before := value[string](t, conn, shapeOf)
			err := e.Expand(within(t), change(schema.AlterColumn{Table: "t", Column: "a", Type: "varchar(9)", Up: "a", Down: "a"}))
			if !errors.Is(err, postgres.ErrRefused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a refusal that names: %s", err, c.want)
			}
			same(t, conn, shapeOf, before)
		})
	}
}

func TestP7AViewMadeInTheWindowStopsContractAsAWhole(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')`)
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	expandAndFill(t, e, c)
	run(t, conn, "CREATE VIEW late AS SELECT a FROM t")
	before := value[string](t, conn, shapeOf)
	if err := e.Contract(within(t), c); err == nil {
		t.Fatal("contract broke a view")
	}
	same(t, conn, shapeOf, before)
	run(t, conn, "UPDATE t SET b = 'y'")
	same(t, conn, "SELECT a FROM late", "y")
	run(t, conn, "DROP VIEW late")
	must(t, "contract", e.Contract(within(t), c))
}

func TestP10ATableWithoutAKeyIsReadOnce(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE t (a text, pad text); INSERT INTO t SELECT 'n' || n, repeat('x', 50) FROM generate_series(1, 5010) AS n`)
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	must(t, "expand", e.Expand(within(t), c))
	var rows, covered, pages int64
	must(t, "backfill", e.Backfill(within(t), c, schema.Position{}, func(p schema.Progress) error {
		rows, covered, pages = rows+p.Rows, covered+p.Batch, p.Pages
		return nil
	}))
	if rows != 5010 || covered != pages {
		t.Errorf("%d rows were filled, and %d pages read, of 5010 and %d", rows, covered, pages)
	}
	must(t, "contract", e.Contract(within(t), c))
	same(t, conn, "SELECT count(*) FROM t WHERE b IS NULL", int64(0))
}

func TestP11EveryStatementThatMayWaitForALockHasALimit(t *testing.T) {
	t.Parallel()
	e, _, dsn := database(t, bigTable)
	var unlimited []string
	e.Open = func(ctx context.Context) (*pgx.Conn, error) {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err
		}
		config.Tracer = tracer(func(conn *pgx.Conn, sql string) {
			for _, dangerous := range []string{"ALTER TABLE", "CREATE TRIGGER", "DROP TRIGGER", "CREATE VIEW", "DROP VIEW", "UPDATE "} {
				if strings.HasPrefix(sql, dangerous) && !strings.Contains(sql, "VALIDATE") && limitOf(conn) == "0" {
					unlimited = append(unlimited, sql)
				}
			}
		})
		return pgx.ConnectConfig(ctx, config)
	}
	expandAndFill(t, e, bigChange())
	must(t, "contract", e.Contract(within(t), bigChange()))
	if len(unlimited) > 0 {
		t.Errorf("without a limit: %s", strings.Join(unlimited, "\n"))
	}
}
