package rehearsal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/rehearsal"
	"cutover/internal/schema/postgres/catalogue"
)

func shape(t *testing.T, conn *pgx.Conn) catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Read(within(t), conn)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each change is made to what the ones before it have left.
func TestWhatOldCodeWouldMeetIsFound(t *testing.T) {
	t.Parallel()
	inserts := old("INSERT INTO users (name, email) VALUES ($1, $2)")[0].Statements
	dsn := database(t, shop)
	conn := pg.Conn(t, dsn)
	before := shape(t, conn)
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{"ALTER TABLE users ADD COLUMN ref bigint UNIQUE REFERENCES orders (id)", nil},
		{"ALTER TABLE orders ALTER COLUMN amount SET DEFAULT 1; COMMENT ON TABLE users IS 'people'", nil},
		{"CREATE OR REPLACE VIEW names AS SELECT id, name || '!' AS name FROM users", []string{"changed-view"}},
		{"ALTER TABLE orders ADD CHECK (amount > 0) NOT VALID", []string{"check-added"}},
		{"ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)", []string{"foreign-key-added"}},
		{"CREATE UNIQUE INDEX u ON orders (user_id)", []string{"unique-added"}},
		{"ALTER TABLE users ADD CONSTRAINT one UNIQUE (name)", []string{"unique-added"}},
		{"ALTER TYPE mood ADD VALUE 'fine'", []string{"enum-value-added"}},
		{"ALTER TYPE mood RENAME VALUE 'ok' TO 'good'", []string{"enum-value-added", "enum-value-gone"}},
		{"ALTER TABLE users ENABLE ROW LEVEL SECURITY", []string{"row-security"}},
		{"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()", []string{"trigger-added"}},
		{"ALTER TABLE users ALTER COLUMN n TYPE bigint", []string{"type-widened"}},
		{"ALTER TABLE users ALTER COLUMN n DROP DEFAULT", []string{"dropped-default"}},
		{"ALTER TABLE users ALTER COLUMN email TYPE varchar(30)", []string{"type-narrowed"}},
		{"ALTER TABLE users ALTER COLUMN legacy SET NOT NULL", []string{"column-not-null"}},
		{"ALTER TABLE users ALTER COLUMN legacy TYPE bytea USING legacy::bytea", []string{"type-changed"}},
		{"ALTER TABLE users DROP COLUMN legacy; ALTER TABLE users ADD legacy text", []string{"dropped-column"}},
		{"DROP INDEX users_email", []string{"unique-dropped"}},
		{"ALTER TABLE users RENAME COLUMN legacy TO old", []string{"renamed-column"}},
		{"ALTER TABLE users ADD COLUMN must int NOT NULL DEFAULT 0; ALTER TABLE users ALTER must DROP DEFAULT", []string{"new-column-required"}},
		{"DROP VIEW names", []string{"dropped-view"}},
		{"ALTER TABLE orders RENAME TO sales", []string{"renamed-table"}},
		{"ALTER TABLE sales RENAME TO deals; CREATE VIEW sales AS SELECT * FROM deals", []string{"renamed-table"}},
		{"DROP TABLE deals CASCADE", []string{"dropped-sequence", "dropped-table", "dropped-view"}},
	} {
		if _, err := conn.Exec(within(t), c.sql); err != nil {
			t.Fatalf("%s: %v", c.sql, err)
		}
		after := shape(t, conn)
		r := rehearsal.Report{Reasons: rehearsal.Compare(before, after, inserts)}
		if !slices.Equal(ids(r), c.want) {
			t.Errorf("%s\nfound %v, want %v\n%s", c.sql, ids(r), c.want, r)
		}
		if behindView := strings.Contains(c.sql, "CREATE VIEW"); behindView && r.Reasons[0].Verdict != rehearsal.NeedsCare {
			t.Errorf("a table that is still reached by its old name is %s", r.Reasons[0].Verdict)
		}
		before = after
	}
}

func TestWhetherOldCodeInsertsDecidesWhatAMissingValueMeans(t *testing.T) {
	t.Parallel()
	conn := pg.Conn(t, database(t, shop))
	before := shape(t, conn)
	if _, err := conn.Exec(within(t), "ALTER TABLE users ADD COLUMN must int NOT NULL DEFAULT 0; ALTER TABLE users ALTER must DROP DEFAULT; ALTER TABLE users ALTER legacy SET NOT NULL"); err != nil {
		t.Fatal(err)
	}
	after := shape(t, conn)
	for _, c := range []struct {
		statements []string
		added, set rehearsal.Verdict
	}{
		{[]string{"INSERT INTO users (name) VALUES ('x')"}, rehearsal.Destructive, rehearsal.Destructive},
		{[]string{"WITH x AS (INSERT INTO public.users AS u (\"name\", legacy) VALUES ($1, $2) RETURNING id) SELECT * FROM x"}, rehearsal.Destructive, rehearsal.NeedsCare},
		{[]string{"SELECT * FROM users WHERE id = $1"}, rehearsal.NeedsCare, rehearsal.NeedsCare},
		{[]string{"INSERT INTO orders (amount) VALUES (1)"}, rehearsal.NeedsCare, rehearsal.NeedsCare},
		{nil, rehearsal.Destructive, rehearsal.NeedsCare},
	} {
		want := map[string]rehearsal.Verdict{"new-column-required": c.added, "column-not-null": c.set}
		found := rehearsal.Compare(before, after, old(c.statements...)[0].Statements)
		for _, r := range found {
			if r.Verdict != want[r.ID] {
				t.Errorf("with %q: %s is %s, want %s", c.statements, r.ID, r.Verdict, want[r.ID])
			}
		}
		if len(found) != 2 {
			t.Errorf("with %q: found %+v", c.statements, found)
		}
	}
}

func TestStatementsOfOldCodeAreTriedAndOnlyThoseThatWorkedBeforeAreEvidence(t *testing.T) {
	t.Parallel()
	r := rehearse(t, plan(t, database(t, shop), "ALTER TABLE users DROP COLUMN legacy; DROP INDEX users_email; ALTER TABLE orders ADD COLUMN note text",
		"SELECT name, legacy FROM users WHERE id = $1",
		"UPDATE users SET legacy = 'secret word' WHERE id = 7",
		"INSERT INTO users (name, email) VALUES ($1, $2) ON CONFLICT (email) DO UPDATE SET name = excluded.name",
		"SELECT name FROM users WHERE id = $1", "SELECT name  FROM users WHERE id = $1 -- again",
		"SELECT * FROM orders",
		"SELECT nonsense FROM users", "BEGIN"))
	p := r.Statements
	if p.Given != 7 || p.Broken != 3 || p.Proven != 2 || p.Unjudged != 2 {
		t.Errorf("%+v\n%s", p, r)
	}
	var broken, longer []string
	for _, reason := range r.Reasons {
		switch reason.ID {
		case "statement-broken":
			broken = append(broken, reason.What+" "+reason.Evidence[0])
		case "result-longer":
			longer = reason.Evidence
		}
	}
	text := strings.Join(broken, "\n")
	if len(broken) != 3 || !strings.Contains(text, `column "legacy"`) || !strings.Contains(text, "ON CONFLICT") || strings.Contains(r.String()+text, "secret") {
		t.Errorf("broken:\n%s", text)
	}
	if len(longer) != 1 || longer[0] != "SELECT * FROM orders" {
		t.Errorf("more columns than before: %v", longer)
	}
}

func TestATypeIsWiderIfEveryValueStillFits(t *testing.T) {
	t.Parallel()
	for change, want := range map[[2]string]string{
		{"character varying(50)", "character varying(80)"}:                "type-widened",
		{"character varying(50)", "text"}:                                 "type-widened",
		{"text", "character varying"}:                                     "type-widened",
		{"text", "character varying(50)"}:                                 "type-narrowed",
		{"character varying(50)[]", "character varying(5)[]"}:             "type-narrowed",
		{"smallint", "bigint"}:                                            "type-widened",
		{"bigint", "integer"}:                                             "type-narrowed",
		{"numeric(10,2)", "numeric(12,2)"}:                                "type-widened",
		{"numeric(10,2)", "numeric(10,4)"}:                                "type-narrowed",
		{"numeric", "numeric(10,2)"}:                                      "type-narrowed",
		{"timestamp(3) without time zone", "timestamp without time zone"}: "type-widened",
		{"timestamp without time zone", "timestamp with time zone"}:       "type-changed",
		{"text", "jsonb"}:                                                 "type-changed",
	} {
		if id, _, _ := rehearsal.Retyped(change[0], change[1]); id != want {
			t.Errorf("%v: %s, want %s", change, id, want)
		}
	}
}
