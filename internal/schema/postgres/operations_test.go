package postgres_test

import (
	"testing"

	"cutover/internal/schema"
)

func TestAColumnIsAlteredInManyWaysAtOnce(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE kinds (name text PRIMARY KEY); INSERT INTO kinds VALUES ('placeholder'), ('known');
		CREATE TABLE events (id serial PRIMARY KEY, name varchar(40) DEFAULT 'old', at int); COMMENT ON COLUMN events.name IS 'before';
		CREATE INDEX events_by ON events (at, name); INSERT INTO events (name) VALUES (NULL), ('known')`)
	before := value[string](t, conn, shapeOf)
	not := false
	c := change(schema.AlterColumn{Table: "events", Column: "name", Type: "text", Nullable: &not,
		Default: &schema.Setting{Value: "'known'"}, Comment: &schema.Setting{Value: "the full name"},
		Unique: &schema.Unique{Name: "events_name_unique"}, Check: &schema.Check{Name: "event_name_length", Constraint: "length(name) > 3"},
		References: &schema.References{Name: "events_kind", Table: "kinds", Column: "name", OnDelete: "CASCADE"},
		Up:         "SELECT CASE WHEN name IS NULL THEN 'placeholder' ELSE name END", Down: "nullif(name, 'placeholder')"})
	expandAndFill(t, e, c)
	same(t, conn, "SELECT count(*) FROM events WHERE name IS NULL", int64(1))
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
	expandAndFill(t, e, c)
	if _, err := conn.Exec(within(t), "INSERT INTO events (name) VALUES ('abc')"); err == nil {
		t.Error("the check does not hold for old code's rows")
	}
	must(t, "contract", e.Contract(within(t), c))
	same(t, conn, "SELECT string_agg(name, ',' ORDER BY id) FROM events", "placeholder,known")
	same(t, conn, "SELECT string_agg(conname || ' ' || convalidated, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'events'::regclass",
		"event_name_length true,events_kind true,events_name_unique true,events_pkey true")
	same(t, conn, "SELECT format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' || pg_get_expr(adbin, adrelid) || ' ' || col_description(attrelid, attnum) FROM pg_attribute JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = 'events'::regclass AND attname = 'name'",
		"text true 'known'::text the full name")
	same(t, conn, "SELECT pg_get_indexdef('events_by'::regclass)", "CREATE INDEX events_by ON public.events USING btree (at, name)")
}

func TestTwoColumnsAreMergedAndComeApartAgain(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE people (id serial PRIMARY KEY, first text NOT NULL, last text NOT NULL); INSERT INTO people (first, last) VALUES ('Ada', 'Byron')`)
	c := change(schema.Merge{Table: "people", Columns: []string{"first", "last"}, Into: schema.Column{Name: "name", Type: "text"}, Up: "first || ' ' || last",
		Down: map[string]string{"first": "split_part(name, ' ', 1)", "last": "split_part(name, ' ', 2)"}})
	expandAndFill(t, e, c)
	run(t, conn, "UPDATE people SET last = 'Lovelace'; INSERT INTO people (name) VALUES ('Alan Turing')")
	same(t, conn, "SELECT string_agg(name || '/' || first || '/' || last, ',' ORDER BY id) FROM people", "Ada Lovelace/Ada/Lovelace,Alan Turing/Alan/Turing")
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, "SELECT string_agg(first || last, ',' ORDER BY id) FROM people", "AdaLovelace,AlanTuring")
}

func TestADroppedColumnIsFilledForOldCodeUntilItGoes(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE t (id serial PRIMARY KEY, a text NOT NULL, b int); INSERT INTO t (a, b) VALUES ('one', 1)`)
	c := change(schema.DropColumn{Table: "t", Column: "a", Down: "'made of ' || b"})
	expandAndFill(t, e, c)
	run(t, conn, "INSERT INTO t (b) VALUES (2)")
	same(t, conn, "SELECT string_agg(a, ',' ORDER BY id) FROM t", "one,made of 2")
	must(t, "contract", e.Contract(within(t), c))
	same(t, conn, "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped", "id,b")
}

func TestConstraintsAndStatementsComeAndGo(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE o (id int PRIMARY KEY); INSERT INTO o VALUES (1);
		CREATE TABLE t (id int PRIMARY KEY, o int, CONSTRAINT gone CHECK (o > 0)); INSERT INTO t VALUES (1, 1)`)
	before := value[string](t, conn, shapeOf)
	c := change(
		schema.CreateConstraint{Table: "t", Constraint: schema.Constraint{Name: "t_o", Type: "foreign_key", Columns: []string{"o"}, References: &schema.KeyOf{Table: "o", Columns: []string{"id"}}}},
		schema.CreateConstraint{Table: "t", Constraint: schema.Constraint{Name: "t_unique", Type: "unique", Columns: []string{"id", "o"}}},
		schema.CreateConstraint{Table: "t", Constraint: schema.Constraint{Name: "t_small", Type: "check", Check: "o < 100"}},
		schema.DropConstraint{Table: "t", Name: "gone"},
		schema.CreateIndex{Table: "t", Name: "t_part", Columns: []schema.IndexColumn{{Column: "o", Sort: "DESC", Nulls: "LAST"}}, Predicate: "o > 1", StorageParameters: "fillfactor = 70"},
		schema.SQL{Up: "CREATE TYPE mood AS ENUM ('good')", Down: "DROP TYPE mood"},
		schema.SQL{Up: "CREATE TYPE late AS ENUM ('good')", OnComplete: true},
		schema.AlterColumn{Table: "t", Column: "o", Comment: &schema.Setting{Value: "said"}})
	expandAndFill(t, e, c)
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
	same(t, conn, "SELECT to_regtype('mood') IS NULL", true)
	expandAndFill(t, e, c)
	must(t, "backfill again", e.Backfill(within(t), c, schema.Position{}, nil))
	must(t, "contract", e.Contract(within(t), c))
	same(t, conn, "SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = 't'::regclass", "t_o,t_pkey,t_small,t_unique")
	same(t, conn, "SELECT to_regtype('mood') IS NOT NULL AND to_regtype('late') IS NOT NULL AND col_description('t'::regclass, 2) = 'said'", true)
}
