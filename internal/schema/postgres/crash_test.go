package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/postgres"
	pgtest "cutover/internal/testkit/postgres"
)

// killedInFill kills the server in the middle of a fill, after some batches,
// starts it again, and returns how far the caller was told the fill had come.
func killedInFill(t *testing.T, server *pgtest.Server, dsn string, after int) (at schema.Position) {
	t.Helper()
	e := engineOn(dsn)
	must(t, "expand", e.Expand(within(t), bigChange()))
	e.Batch = 1
	batches := 0
	err := e.Backfill(within(t), bigChange(), schema.Position{}, func(p schema.Progress) error {
		at = p.Position
		if batches++; batches == after {
			server.Kill(t)
		}
		return nil
	})
	if err == nil {
		t.Fatal("the backfill did not notice that the database was killed")
	}
	server.Restart(t)
	return at
}

func TestAKilledDatabaseIsTakenUpWhereItWas(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Settings{Fsync: true})
	dsn := server.NewDatabase(t)
	run(t, server.Conn(t, dsn), bigTable)
	at := killedInFill(t, server, dsn, 10)
	conn := server.Conn(t, dsn)
	if err := engineOn(dsn).Contract(within(t), bigChange()); !errors.Is(err, postgres.ErrNotVerified) {
		t.Fatalf("contract after the kill: %v", err)
	}
	must(t, "backfill", engineOn(dsn).Backfill(within(t), bigChange(), at, nil))
	must(t, "contract", engineOn(dsn).Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
	same(t, conn, "SELECT count(*) FROM people", int64(20000))
}

// cutOff returns an engine whose connection is cut before its nth statement,
// counted over all its methods.
func cutOff(dsn, namespace string, n int) (*postgres.Engine, *bool) {
	e := engineOn(dsn)
	e.Namespace = namespace
	cut := false
	statements := 0
	e.Open = func(ctx context.Context) (*pgx.Conn, error) {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err
		}
		// One statement is one message, so that a cut can fall between any two.
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		config.Tracer = tracer(func(conn *pgx.Conn, _ string) {
			if statements++; statements == n {
				cut = true
				_ = conn.PgConn().Conn().Close()
			}
		})
		return pgx.ConnectConfig(ctx, config)
	}
	return e, &cut
}

func TestACutBeforeAnyStatementLeadsToTheSameEnd(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	conn := pg.Conn(t, dsn)
	for n := 1; ; n += 37 {
		space := fmt.Sprintf("space%d", n)
		run(t, conn, fmt.Sprintf(`CREATE SCHEMA %s; SET search_path = %[1]s; CREATE TABLE t (id int PRIMARY KEY, a text, b text NOT NULL, c int DEFAULT 5, d int CHECK (d > 0));
			CREATE TABLE v (t int PRIMARY KEY REFERENCES t, e int); CREATE INDEX by_b ON t (lower(b)) WHERE b <> ''; INSERT INTO t SELECT n, 'a' || n, 'b' || n, n, n FROM generate_series(1, 50) AS n; INSERT INTO v SELECT id FROM t`, space))
		c := schema.Change{Name: space, Operations: []schema.Operation{
			schema.AlterColumn{Table: "t", Column: "a", Type: "varchar(10)", Up: "upper(a)", Down: "lower(a)"},
			schema.RenameColumn{Table: "t", From: "b", To: "bb"},
			schema.CreateIndex{Name: "by_a", Table: "t", Columns: []schema.IndexColumn{{Column: "id"}}},
			schema.DropColumn{Table: "t", Column: "c"},
			schema.DropMulticolumnConstraint{Table: "t", Name: "t_d_check", Down: map[string]string{"d": "abs(d)"}},
			schema.CreateConstraint{Table: "v", Constraint: schema.Constraint{Name: "v_e", Type: "unique", Columns: []string{"e", "t"}}},
			schema.CopyColumn{From: schema.ColumnOf{Table: "t", Column: "c"}, To: schema.NewIn{Table: "v", Column: schema.Column{Name: "c", Type: "int", Nullable: true}}, On: map[string]string{"t": "id"}, Down: "c"},
			schema.RenameTable{From: "t", To: "u"}}}
		e, cut := cutOff(dsn, space, n)
		whole := func(e *postgres.Engine) error {
			ctx := within(t)
			if w, err := e.Observe(ctx, c); err != nil || w.Contracted {
				return err
			}
			if err := e.Expand(ctx, c); err != nil {
				return err
			}
			if err := e.Backfill(ctx, c, schema.Position{}, nil); err != nil {
				return err
			}
			return e.Contract(ctx, c)
		}
		err := whole(e)
		if *cut == (err == nil) {
			t.Fatalf("cut at %d: %v, but the error is %v", n, *cut, err)
		}
		if *cut {
			again := engineOn(dsn)
			again.Namespace = space
			must(t, fmt.Sprintf("going on after a cut at %d", n), whole(again))
		}
		same(t, conn, "SELECT count(*) FROM u JOIN v ON t = id WHERE a = 'A' || id AND bb = 'b' || id AND d = id AND c = id", int64(50))
		same(t, conn, fmt.Sprintf("SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = '%s.u'::regclass AND attnum > 0 AND NOT attisdropped", space), "a,bb,d,id")
		same(t, conn, fmt.Sprintf("SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = '%s'::regnamespace AND relkind IN ('i', 'v', 'r')", space), "by_a,by_b,t_pkey,u,v,v_e,v_pkey")
		same(t, conn, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'cutover'::regnamespace", int64(0))
		if !*cut {
			t.Logf("%d statements", n)
			return
		}
	}
}

func TestACutBeforeAnyStatementOfARevertLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	conn := pg.Conn(t, dsn)
	run(t, conn, `CREATE SCHEMA space; CREATE TABLE space.t (id int PRIMARY KEY, a text, b text NOT NULL); CREATE INDEX by_b ON space.t (b);
		INSERT INTO space.t SELECT n, 'a' || n, 'b' || n FROM generate_series(1, 50) AS n`)
	before := value[string](t, conn, shapeOf)
	c := change(schema.AlterColumn{Table: "t", Column: "a", Type: "varchar(10)", Up: "upper(a)", Down: "lower(a)"},
		schema.RenameColumn{Table: "t", From: "b", To: "bb"},
		schema.CreateIndex{Name: "by_id", Table: "t", Columns: []schema.IndexColumn{{Column: "id"}}},
		schema.CreateTable{Name: "u", Columns: []schema.Column{{Name: "id", Type: "int", Pk: true}}})
	for n := 1; ; n += 4 {
		whole := engineOn(dsn)
		whole.Namespace = "space"
		expandAndFill(t, whole, c)
		run(t, conn, "UPDATE space.t SET bb = bb || 'x' WHERE id = 7")
		e, cut := cutOff(dsn, "space", n)
		err := e.Revert(within(t), c)
		if *cut == (err == nil) {
			t.Fatalf("cut at %d: %v, but the error is %v", n, *cut, err)
		}
		must(t, fmt.Sprintf("going on after a cut at %d", n), whole.Revert(within(t), c))
		same(t, conn, shapeOf, before)
		if !*cut {
			same(t, conn, "SELECT length(b) FROM space.t WHERE id = 7", 2+(n+3)/4)
			return
		}
	}
}
