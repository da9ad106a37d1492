package postgres_test

import (
	"testing"

	"cutover/internal/schema"
)

func TestANullableEmailIsFilledAndThenDemanded(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE users (id serial PRIMARY KEY, username text NOT NULL);
		INSERT INTO users (username) SELECT 'user' || n FROM generate_series(1, 500) AS n`)
	c := change(schema.AddColumn{Table: "users", Column: schema.Column{Name: "email", Type: "text"}, Up: "username || '@example.com'"})
	expandAndFill(t, e, c)
	run(t, conn, `INSERT INTO users (username) VALUES ('old'); INSERT INTO users (username, email) VALUES ('new', 'me@new.org')`)
	if _, err := conn.Exec(within(t), "UPDATE users SET email = NULL WHERE username = 'new'"); err == nil {
		t.Error("an email may be taken away although it is not nullable")
	}
	must(t, "contract", e.Contract(within(t), c))
	same(t, conn, "SELECT count(*) FROM users WHERE email <> username || '@example.com'", int64(1))
	same(t, conn, "SELECT email FROM users WHERE username = 'new'", "me@new.org")
	same(t, conn, "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'email'", true)
	same(t, conn, "SELECT count(*) FROM pg_constraint WHERE conrelid = 'users'::regclass", int64(1))
}

func TestAValueNewCodeTookAwayDoesNotComeBack(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE users (id serial PRIMARY KEY, username text NOT NULL, seen int); INSERT INTO users (username) VALUES ('ann')`)
	c := change(schema.AddColumn{Table: "users", Column: schema.Column{Name: "email", Type: "text", Nullable: true}, Up: "username || '@example.com'"})
	expandAndFill(t, e, c)
	run(t, conn, "UPDATE users SET email = NULL; UPDATE users SET seen = 1")
	same(t, conn, "SELECT email IS NULL FROM users", true)
}

func TestARowThatMovesBeforeItIsFilledIsFilledAsItMoves(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, bigTable)
	e.Batch = 1
	must(t, "expand", e.Expand(within(t), bigChange()))
	other := pg.Conn(t, dsn)
	batches := 0
	must(t, "backfill", e.Backfill(within(t), bigChange(), schema.Position{}, func(schema.Progress) error {
		if batches++; batches%10 != 0 {
			return nil
		}
		// A column of neither shape; the row goes to the end of the table.
		_, err := other.Exec(within(t), "UPDATE people SET note = 'moved' WHERE id > 20000 - $1", batches*10)
		return err
	}))
	same(t, conn, `SELECT count(*) FROM people WHERE note = 'moved' AND "cutover_new_name" IS DISTINCT FROM 'first' || id`, int64(0))
	same(t, conn, wrongPeople(`"cutover_new_name"`), int64(0))
}

func TestATimeoutWithADefaultIsAddedAtOnce(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE queries (id serial PRIMARY KEY, body text); INSERT INTO queries (body) VALUES ('a')`)
	before := value[string](t, conn, shapeOf)
	thirty := "30"
	c := change(schema.AddColumn{Table: "queries", Column: schema.Column{Name: "query_timeout_seconds", Type: "integer", Default: &thirty}})
	expandAndFill(t, e, c)
	run(t, conn, "INSERT INTO queries (body) VALUES ('b')")
	same(t, conn, "SELECT count(*) FROM queries WHERE query_timeout_seconds = 30", int64(2))
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
}

func TestATableNewCodeWroteToIsKeptByARevert(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, "")
	on := "false"
	c := change(schema.CreateTable{Name: "feature_flags", Columns: []schema.Column{{Name: "name", Type: "text", Pk: true}, {Name: "enabled", Type: "boolean", Default: &on}}})
	before := value[string](t, conn, shapeOf)
	expandAndFill(t, e, c)
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
	expandAndFill(t, e, c)
	run(t, conn, "INSERT INTO feature_flags VALUES ('dark', true)")
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, "SELECT to_regclass('feature_flags') IS NULL", true)
	kept := value[string](t, conn, "SELECT relname FROM pg_class WHERE relnamespace = 'cutover_kept'::regnamespace AND relkind = 'r'")
	same(t, conn, "SELECT name FROM cutover_kept."+schema.Quote(kept), "dark")
}

// addressSplit is the split of a street into its name and an optional house
// number, with the index that must go first.
func addressSplit() schema.Change {
	return change(
		schema.DropIndex{Name: "address_street"},
		schema.Split{Table: "Address", Column: "Street", Down: `concat_ws(' ', "StreetName", "HouseNumber")`, Into: []schema.Part{
			{Column: schema.Column{Name: "StreetName", Type: "text"}, Up: `regexp_replace("Street", '\s+\d+\w*$', '')`},
			{Column: schema.Column{Name: "HouseNumber", Type: "text", Nullable: true}, Up: `substring("Street" from '\s(\d+\w*)$')`},
		}},
		schema.CreateIndex{Name: "address_street_name", Table: "Address", Columns: []schema.IndexColumn{{Column: "StreetName"}}})
}

const addresses = `CREATE TABLE "Address" (id bigserial PRIMARY KEY, "Street" text NOT NULL, city text);
	CREATE INDEX address_street ON "Address" ("Street");
	INSERT INTO "Address" ("Street", city) SELECT 'Street ' || chr(65 + n % 26) || CASE WHEN n % 3 = 0 THEN '' ELSE ' ' || n || 'a' END, 'c' FROM generate_series(1, 3000) AS n`

func TestAStreetIsSplitWithAndWithoutAHouseNumber(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, addresses)
	before := value[string](t, conn, shapeOf)
	rows := value[string](t, conn, `SELECT md5(string_agg(id || "Street", ',' ORDER BY id)) FROM "Address"`)
	c := addressSplit()
	expandAndFill(t, e, c)
	same(t, conn, `SELECT count(*) FROM "Address" WHERE "HouseNumber" IS NULL`, int64(1000))
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
	same(t, conn, `SELECT md5(string_agg(id || "Street", ',' ORDER BY id)) FROM "Address"`, rows)

	expandAndFill(t, e, c)
	run(t, conn, `INSERT INTO "Address" ("Street") VALUES ('Low Road 7'), ('High Road')`)
	run(t, conn, `INSERT INTO "Address" ("StreetName", "HouseNumber") VALUES ('New Road', '9b'), ('Bare Road', NULL)`)
	run(t, conn, `UPDATE "Address" SET "HouseNumber" = '8' WHERE "Street" = 'Low Road 7'`)
	same(t, conn, `SELECT string_agg("Street", '|' ORDER BY id) FROM (SELECT * FROM "Address" ORDER BY id DESC LIMIT 4) x`, "Low Road 8|High Road|New Road 9b|Bare Road")
	must(t, "contract", e.Contract(within(t), c))
	must(t, "contract again", e.Contract(within(t), c))
	same(t, conn, `SELECT count(*) FROM pg_attribute WHERE attrelid = '"Address"'::regclass AND attname = 'Street' AND NOT attisdropped`, int64(0))
	same(t, conn, `SELECT count(*) FROM pg_class WHERE relname IN ('address_street', 'address_street_name')`, int64(1))
	same(t, conn, `SELECT count(*) FROM "Address" WHERE "StreetName" IS NULL`, int64(0))
	same(t, conn, `SELECT concat_ws(' ', "StreetName", "HouseNumber") FROM "Address" WHERE id = 1`, "Street B 1a")
	w, err := e.Observe(within(t), c)
	if err != nil || !w.Contracted {
		t.Errorf("after contract the world shows %+v, %v", w, err)
	}
}
