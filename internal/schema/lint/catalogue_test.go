package lint_test

import (
	"context"
	"slices"
	"testing"

	"cutover/internal/schema/lint"
	"cutover/internal/schema/postgres/catalogue"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

// shop is a database whose facts decide.
const shop = `CREATE TABLE users (id bigserial PRIMARY KEY, email varchar(50), "Nick name" text CONSTRAINT named CHECK ("Nick name" IS NOT NULL), state text NOT NULL DEFAULT 'new');
	CREATE UNIQUE INDEX users_email ON users (lower(email));
	CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users (id), note varchar(50));
	CREATE VIEW nicks AS SELECT "Nick name" FROM users;
	CREATE TABLE logs (y int, at timestamptz) PARTITION BY LIST (y);
	INSERT INTO users (email, "Nick name") SELECT n || '@example.com', 'n' FROM generate_series(1, 300) n`

// session is what a test needs of a connection; the library behind it has
// another home.
type session func(sql string) catalogue.Catalogue

// database makes the shop. The session runs statements and reads the
// catalogue.
func database(t *testing.T) session {
	t.Helper()
	conn := pg.Conn(t, pg.NewDatabase(t))
	do := func(sql string) catalogue.Catalogue {
		t.Helper()
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
		c, err := catalogue.Read(context.Background(), conn)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	do(shop)
	return do
}

// open counts the findings that stand in the way, by id.
func open(t *testing.T, c catalogue.Catalogue, sql string) []string {
	t.Helper()
	facts := c.Facts()
	facts.Budget = true
	var ids []string
	for _, f := range lint.Lint(sql, facts) {
		if f.Open() {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func TestTheSizeOfATableDecidesWhetherAStatementHurts(t *testing.T) {
	t.Parallel()
	do := database(t)
	few := do("ANALYZE users")
	many := do(`INSERT INTO users (email, "Nick name") SELECT n || '@example.org', 'n' FROM generate_series(1, 30000) n; ANALYZE users`)
	for sql, rule := range map[string]string{
		"CREATE INDEX users_state ON users (state);":                     "require-concurrent-index-creation",
		"ALTER TABLE users ADD COLUMN u uuid DEFAULT gen_random_uuid();": "adding-field-with-default",
		"UPDATE users SET state = 'old';":                                "unbatched-backfill",
		"REINDEX INDEX users_email;":                                     "require-concurrent-reindex",
	} {
		if found := open(t, few, sql); len(found) != 0 {
			t.Errorf("%s on 300 rows: %v stand in the way", sql, found)
		}
		if found := open(t, many, sql); !slices.Equal(found, []string{rule}) {
			t.Errorf("%s on 30,000 rows: %v, want %s", sql, found, rule)
		}
	}
}

func TestWhatTheCatalogueProvesIsNotComplainedOf(t *testing.T) {
	t.Parallel()
	c := database(t)("ANALYZE users")
	for sql, want := range map[string]bool{
		`ALTER TABLE users ALTER COLUMN "Nick name" SET NOT NULL;`: false,
		`ALTER TABLE users ALTER COLUMN email SET NOT NULL;`:       true,
		`ALTER TABLE orders ALTER COLUMN note TYPE varchar(80);`:   false,
		`ALTER TABLE orders ALTER COLUMN note TYPE varchar(20);`:   true,
		`ALTER TABLE users ALTER COLUMN email DROP DEFAULT;`:       false,
		`ALTER TABLE users ALTER COLUMN state DROP DEFAULT;`:       true,
		`CREATE INDEX CONCURRENTLY i ON logs (at);`:                true,
		`CREATE INDEX CONCURRENTLY i ON orders (user_id);`:         false,
	} {
		if found := open(t, c, sql); (len(found) > 0) != want {
			t.Errorf("%s: %v", sql, found)
		}
	}
	if found := open(t, c, "ALTER TABLE users DROP COLUMN \"Nick name\";"); !slices.Contains(found, "dependent-object") {
		t.Errorf("dropping a column that a view shows: %v", found)
	}
}
