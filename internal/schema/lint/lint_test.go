package lint_test

import (
	"slices"
	"strings"
	"testing"

	"cutover/internal/schema/lint"
)

// quiet is what a runner sets up, so that only the rule in question speaks.
var quiet = lint.Facts{Budget: true}

// harm returns what is more than a note.
func harm(sql string, facts lint.Facts) []string {
	var list []string
	for _, f := range lint.Lint(sql, facts) {
		if f.Severity > lint.Note {
			list = append(list, f.ID)
		}
	}
	return list
}

func check(t *testing.T, sql string, facts lint.Facts, want ...string) {
	t.Helper()
	got := harm(sql, facts)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s\nfound %v, want %v", sql, got, want)
	}
}

func TestAFindingSaysWhereAndAboutWhat(t *testing.T) {
	t.Parallel()
	sql := "-- größer; 'still a comment\nSELECT 'ä;';\n\n/* a /* nested */ one */ ALTER TABLE shop.users\n  ADD COLUMN a int,\n  DROP COLUMN nick;\n"
	found := lint.Lint(sql, quiet)
	if len(found) != 2 {
		t.Fatalf("found %+v, want two", found)
	}
	i := slices.IndexFunc(found, func(f lint.Finding) bool { return f.ID == "ban-drop-column" })
	f := found[max(i, 0)]
	if f.Place != "4:38" || !strings.HasPrefix(f.Statement, "ALTER TABLE shop.users") || !strings.HasPrefix(f.Reason, "shop.users.nick: ") {
		t.Errorf("found %+v", f)
	}
	if !f.Open() {
		t.Error("a danger that nobody accepted is not open")
	}
}

func TestWhatCannotBeReadIsAFindingAtItsPlace(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT 1;\n  ALTER 'ä' TABEL x;": "2:9",
		"SELECT 'open":                    "1:8",
		"SELECT\x00 1":                    "1:7",
		strings.Repeat(" ", 5<<20):        "1:1",
	} {
		found := lint.Lint(sql, lint.Facts{})
		if len(found) != 1 || found[0].ID != "unreadable" || found[0].Place != want || found[0].Severity != lint.Danger {
			t.Errorf("%.40q: found %+v, want it unreadable at %s", sql, found, want)
		}
	}
	if found := lint.Lint("  -- nothing\n", lint.Facts{}); len(found) != 0 {
		t.Errorf("found %+v in an empty script", found)
	}
}

func TestTablesOfTheSameScriptAreSpared(t *testing.T) {
	t.Parallel()
	check(t, `CREATE TABLE flags (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE INDEX flags_name ON flags (name);
ALTER TABLE flags ADD COLUMN on_by_default boolean NOT NULL;
ALTER TABLE public.flags ADD CONSTRAINT named CHECK (name <> '');
ALTER TABLE flags ALTER COLUMN name TYPE varchar(20);
UPDATE flags SET name = 'x';
DROP TABLE flags;`, lint.Facts{})
	check(t, "CREATE TABLE other.flags (id int);\nALTER TABLE flags DROP COLUMN id;", quiet, "ban-drop-column")
	check(t, "CREATE TEMP TABLE t (id int);\nALTER TABLE t DROP COLUMN id;", quiet)
	check(t, "CREATE TABLE t AS SELECT 1 AS n;\nALTER TABLE t DROP COLUMN n;", quiet)
	check(t, "CREATE TABLE a (n int);\nALTER TABLE a RENAME TO b;\nALTER TABLE b DROP COLUMN n;", quiet)
}

func TestATableThatGetsAForeignKeyFromANewOneIsLockedToo(t *testing.T) {
	t.Parallel()
	check(t, "CREATE TABLE orders (user_id int REFERENCES users (id));", lint.Facts{}, "require-timeout-settings")
	check(t, "CREATE TABLE orders (user_id int);", lint.Facts{})
}

func TestFactsGoBeforeText(t *testing.T) {
	t.Parallel()
	table := lint.Table{Schema: "public", Name: "users", Rows: 5_000_000, Columns: []lint.Column{
		{Name: "name", Type: "character varying(50)"},
		{Name: "price", Type: "numeric(10,2)"},
		{Name: "email", Type: "text", Checked: true},
		{Name: "id", Type: "integer", NotNull: true},
	}}
	large := lint.Facts{Budget: true, Tables: []lint.Table{table}}
	check(t, "ALTER TABLE users ALTER COLUMN name TYPE varchar(100);", large)
	check(t, "ALTER TABLE users ALTER COLUMN name TYPE text;", large)
	check(t, "ALTER TABLE users ALTER COLUMN name TYPE varchar(20);", large, "changing-column-type")
	check(t, "ALTER TABLE users ALTER COLUMN price TYPE numeric(12,2);", large)
	check(t, "ALTER TABLE users ALTER COLUMN price TYPE numeric(12,3);", large, "changing-column-type")
	check(t, "ALTER TABLE users ALTER COLUMN name TYPE text[];", large, "changing-column-type")
	check(t, "ALTER TABLE users ALTER COLUMN email SET NOT NULL;", large)
	check(t, "ALTER TABLE users ALTER COLUMN id SET NOT NULL;", large)
	check(t, "ALTER TABLE users ALTER COLUMN name SET NOT NULL;", large, "adding-not-null-field")
	check(t, "ALTER TABLE unknown DROP COLUMN name;", large)
	check(t, "ALTER VIEW active RENAME TO lively;", large, "renaming-table")
	check(t, "REFRESH MATERIALIZED VIEW sales;", large, "refreshing-materialized-view")

	index := "CREATE INDEX i ON users (name);"
	check(t, index, large, "require-concurrent-index-creation")
	if f := lint.Lint(index, large); !strings.Contains(f[0].Reason, "about 5000000 rows") {
		t.Errorf("the reason does not give the size: %s", f[0].Reason)
	}
	table.Rows = 200
	check(t, index, lint.Facts{Budget: true, Tables: []lint.Table{table}})
	if f := lint.Lint("ALTER TABLE users ALTER COLUMN name SET NOT NULL;", lint.Facts{Tables: []lint.Table{table}, Budget: true}); f[0].Severity != lint.Care {
		t.Errorf("a small table makes %+v of what old code may not obey", f[0])
	}
	check(t, "ALTER TABLE users DROP COLUMN name;", lint.Facts{Budget: true, Tables: []lint.Table{table}}, "ban-drop-column")
}

func TestASmallTableOfAnotherSchemaExcusesNothing(t *testing.T) {
	t.Parallel()
	facts := lint.Facts{Budget: true, Tables: []lint.Table{
		{Schema: "archive", Name: "users", Rows: 1}, {Schema: "public", Name: "users", Rows: 1_000_000},
	}}
	check(t, "CREATE INDEX i ON users (name);", facts, "require-concurrent-index-creation")
	check(t, "CREATE INDEX i ON archive.users (name);", facts)
}

func TestOneTransactionForAllChangesWhatIsSafe(t *testing.T) {
	t.Parallel()
	whole := lint.Facts{Budget: true, OneTransaction: true}
	check(t, "CREATE INDEX CONCURRENTLY i ON users (name);", whole, "ban-concurrent-index-creation-in-transaction")
	check(t, "ALTER TABLE logs DETACH PARTITION p CONCURRENTLY;", whole, "ban-concurrent-index-creation-in-transaction")
	check(t, "ALTER TABLE users ADD a int;\nALTER TABLE orders ADD b int;", whole, "locks-held-together")
	check(t, "ALTER TABLE users ADD a int;\nUPDATE users SET a = 1 WHERE id < 9;", whole, "backfill-in-ddl-transaction")
	check(t, "ALTER TABLE users ADD a int;\nINSERT INTO orders SELECT * FROM basket;", whole, "backfill-in-ddl-transaction")
	check(t, "ALTER TABLE users ADD a int;\nINSERT INTO version VALUES (7);", whole)
	check(t, "BEGIN;\nALTER TABLE users ADD a int;\nCOMMIT;", whole, "transaction-nesting")
	check(t, "COMMIT;\nALTER TABLE users ADD a int;", whole, "transaction-nesting")
}

func TestTimeoutsCountWhereTheyHold(t *testing.T) {
	t.Parallel()
	const missing = "require-timeout-settings"
	alter := "ALTER TABLE users ADD a int;"
	check(t, "SET lock_timeout = 1000; SET statement_timeout = '5s';"+alter, lint.Facts{})
	check(t, "SELECT set_config('lock_timeout', '1s', false), set_config('statement_timeout', '1s', false);"+alter, lint.Facts{})
	check(t, "BEGIN; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '1s';"+alter+"COMMIT;", lint.Facts{})
	check(t, "BEGIN; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '1s'; COMMIT;"+alter, lint.Facts{}, missing)
	check(t, "SET lock_timeout = 0; SET statement_timeout = '1s';"+alter, lint.Facts{}, missing)
	check(t, "SET lock_timeout = '1s'; SET statement_timeout = '1s'; RESET lock_timeout;"+alter, lint.Facts{}, missing)
	check(t, alter+alter, lint.Facts{}, missing)
	check(t, "CREATE INDEX CONCURRENTLY i ON users (name); INSERT INTO users VALUES (1);", lint.Facts{})
}

func TestConstraintsWithAColumnAreSeen(t *testing.T) {
	t.Parallel()
	check(t, "ALTER TABLE orders ADD COLUMN user_id int REFERENCES users (id);", quiet, "adding-foreign-key-constraint")
	check(t, "ALTER TABLE users ADD COLUMN email text UNIQUE;", quiet, "disallow-unique-constraint")
	check(t, "ALTER TABLE users ADD COLUMN age int CHECK (age > 0);", quiet, "constraint-missing-not-valid")
	check(t, "ALTER TABLE users ADD COLUMN at timestamptz DEFAULT current_timestamp;", quiet)
	check(t, "ALTER TABLE users ADD COLUMN at timestamptz DEFAULT clock_timestamp();", quiet, "adding-field-with-default")
	check(t, "ALTER TABLE users ADD COLUMN n int DEFAULT (1 + nextval('s')::int);", quiet, "adding-field-with-default")
}

func TestACheckThatWasNotValidatedProvesNothing(t *testing.T) {
	t.Parallel()
	add := "ALTER TABLE users ADD CONSTRAINT there CHECK (email IS NOT NULL) NOT VALID;"
	set := "ALTER TABLE users ALTER COLUMN email SET NOT NULL;"
	check(t, add+set, quiet, "adding-not-null-field")
	check(t, add+"ALTER TABLE users VALIDATE CONSTRAINT there;"+set, quiet)
	check(t, add+"ALTER TABLE users VALIDATE CONSTRAINT there; ALTER TABLE users ALTER COLUMN name SET NOT NULL;", quiet, "adding-not-null-field")
}

func TestNamesAreMeasuredAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 32)
	check(t, `CREATE TABLE "`+long+`" (n int);`, lint.Facts{}, "identifier-too-long")
	check(t, `CREATE TABLE `+long+` (n int);`, lint.Facts{}, "identifier-too-long")
	check(t, `CREATE TABLE t (n text DEFAULT E'\'`+long+`', m text DEFAULT $q$`+long+`$q$);`, lint.Facts{})
}
