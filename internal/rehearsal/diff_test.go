package rehearsal_test

import (
	"slices"
	"strings"
	"testing"

	"cutover/internal/rehearsal"
	"cutover/internal/schema/postgres/catalogue"
)

func shape(t *testing.T, dsn string) catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Read(within(t), pg.Conn(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatOldCodeWouldMeetIsFound(t *testing.T) {
	t.Parallel()
	const inserts = "INSERT INTO users (name, email) VALUES ($1, $2)"
	for sql, want := range map[string][]string{
		"DROP TABLE orders":                                                         {"dropped-sequence", "dropped-table"},
		"ALTER TABLE orders RENAME TO sales":                                        {"renamed-table"},
		"ALTER TABLE users RENAME COLUMN legacy TO old":                             {"renamed-column"},
		"ALTER TABLE users DROP COLUMN legacy; ALTER TABLE users ADD legacy text":   {"dropped-column"},
		"ALTER TABLE users ALTER COLUMN n TYPE bigint":                              {"type-widened"},
		"ALTER TABLE users ALTER COLUMN email TYPE varchar(30)":                     {"type-narrowed"},
		"ALTER TABLE users ALTER COLUMN legacy TYPE bytea USING legacy::bytea":      {"type-changed"},
		"ALTER TABLE users ALTER COLUMN legacy SET NOT NULL":                        {"column-not-null"},
		"ALTER TABLE users ALTER COLUMN n DROP DEFAULT":                             {"dropped-default"},
		"ALTER TABLE orders ADD CHECK (amount > 0) NOT VALID":                       {"check-added"},
		"ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)":        {"foreign-key-added"},
		"CREATE UNIQUE INDEX u ON orders (user_id)":                                 {"unique-added"},
		"ALTER TABLE users ADD CONSTRAINT one UNIQUE (name)":                        {"unique-added"},
		"DROP INDEX users_email":                                                    {"unique-dropped"},
		"ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'":                               {"enum-value-added", "enum-value-gone"},
		"ALTER TYPE mood ADD VALUE 'fine'":                                          {"enum-value-added"},
		"CREATE OR REPLACE VIEW names AS SELECT id, name || '!' AS name FROM users": {"changed-view"},
		"DROP VIEW names": {"dropped-view"},
		"ALTER TABLE users ENABLE ROW LEVEL SECURITY":                                                                                                                {"row-security"},
		"ALTER TABLE users ADD COLUMN must int NOT NULL DEFAULT 0; ALTER TABLE users ALTER must DROP DEFAULT":                                                        {"new-column-required"},
		"ALTER TABLE orders RENAME TO sales; CREATE VIEW orders AS SELECT * FROM sales":                                                                              {"renamed-table"},
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()": {"trigger-added"},
		"ALTER TABLE users ADD COLUMN ref bigint UNIQUE REFERENCES orders (id)":                                                                                      nil,
		"ALTER TABLE users ALTER COLUMN legacy SET DEFAULT 'x'; COMMENT ON TABLE users IS 'people'":                                                                  nil,
	} {
		t.Run(sql[:min(len(sql), 40)], func(t *testing.T) {
			t.Parallel()
			dsn := database(t, shop)
			before := shape(t, dsn)
			run(t, dsn, sql)
			r := rehearsal.Report{Reasons: rehearsal.Compare(before, shape(t, dsn), old(inserts)[0].Statements)}
			if !slices.Equal(ids(r), want) {
				t.Errorf("%s\nfound %v, want %v\n%s", sql, ids(r), want, r)
			}
		})
	}
}

func TestWhetherOldCodeInsertsDecidesWhatAMissingValueMeans(t *testing.T) {
	t.Parallel()
	const change = "ALTER TABLE users ADD COLUMN must int NOT NULL DEFAULT 0; ALTER TABLE users ALTER must DROP DEFAULT; ALTER TABLE users ALTER legacy SET NOT NULL"
	for _, c := range []struct {
		statements []string
		verdict    rehearsal.Verdict
	}{
		{[]string{"INSERT INTO users (name) VALUES ('x')"}, rehearsal.Destructive},
		{[]string{"WITH x AS (INSERT INTO public.users AS u (\"name\", legacy) VALUES ($1, $2) RETURNING id) SELECT * FROM x"}, rehearsal.Destructive},
		{[]string{"SELECT * FROM users WHERE id = $1"}, rehearsal.NeedsCare},
		{[]string{"INSERT INTO orders (amount) VALUES (1)"}, rehearsal.NeedsCare},
		{nil, rehearsal.Destructive},
	} {
		p := plan(t, database(t, shop), change, c.statements...)
		p.Notice = 1e12
		if r := rehearse(t, p); r.Verdict != c.verdict {
			t.Errorf("with %q: %s, want %s\n%s", c.statements, r.Verdict, c.verdict, r)
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
