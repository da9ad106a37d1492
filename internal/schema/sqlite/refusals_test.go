package sqlite_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"cutover/internal/schema"
	"cutover/internal/schema/sqlite"
)

func TestWhatDoesNotFitIsRefusedBeforeAnythingExists(t *testing.T) {
	t.Parallel()
	plain := "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, c INT)"
	rename := schema.RenameColumn{Table: "t", From: "a", To: "b"}
	add := func(c schema.Column, up string) schema.Operation {
		return schema.AddColumn{Table: "t", Column: c, Up: up}
	}
	word := "x"
	for name, c := range map[string]struct {
		sql, want string
		op        schema.Operation
	}{
		"a view":                       {plain + "; CREATE VIEW v AS SELECT a FROM t", "view v", rename},
		"a generated column":           {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, g TEXT AS (a || 'x'))", "no such column: a", rename},
		"a user's trigger":             {plain + "; CREATE TRIGGER theirs AFTER UPDATE OF a ON t BEGIN SELECT NEW.a; END", "trigger theirs", rename},
		"a foreign key":                {"CREATE TABLE o (a TEXT PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT REFERENCES o)", "foreign key", rename},
		"a table's foreign key":        {"CREATE TABLE o (a TEXT PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, FOREIGN KEY (a) REFERENCES o)", "foreign key", rename},
		"a primary key":                {"CREATE TABLE t (a TEXT PRIMARY KEY)", "primary key", rename},
		"a unique column":              {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE)", "unique by its declaration", rename},
		"a unique constraint":          {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, c INT, UNIQUE (c, a))", "no such column: a", rename},
		"a check on the column":        {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> ''))", "check on the column", rename},
		"a check on the table":         {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, CHECK (a <> ''))", "no such column: a", rename},
		"a partial index":              {plain + "; CREATE INDEX part ON t (c) WHERE a IS NULL", "index part", rename},
		"an index on an expression":    {plain + "; CREATE INDEX expr ON t (lower(a))", "index expr", rename},
		"no rowid":                     {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT) WITHOUT ROWID", "WITHOUT ROWID", rename},
		"a view for a table":           {"CREATE VIEW t AS SELECT 1 AS a", "not a plain table", rename},
		"no table":                     {"CREATE TABLE other (a)", "no such table", rename},
		"no column":                    {"CREATE TABLE t (id INTEGER PRIMARY KEY)", "no column a", rename},
		"a name that is taken":         {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, B TEXT)", "the column b exists", rename},
		"an index's name":              {plain + "; CREATE INDEX taken ON t (c)", "the name taken is taken", schema.CreateIndex{Name: "taken", Table: "t", Columns: []schema.IndexColumn{{Column: "a"}}}},
		"a table's second name":        {plain, "one name", schema.RenameTable{From: "t", To: "u"}},
		"a column's second shape":      {plain, "`as`", schema.AlterColumn{Table: "t", Column: "a", Type: "INT", Up: "1"}},
		"a foreign key on its own":     {plain, "foreign_key", schema.CreateConstraint{Table: "t", Constraint: schema.Constraint{Name: "f", Type: "foreign_key", Columns: []string{"c"}, References: &schema.KeyOf{Table: "t"}}}},
		"an operator class":            {plain, "operator classes", schema.CreateIndex{Name: "i", Table: "t", Columns: []schema.IndexColumn{{Column: "a", Opclass: schema.Opclass{Name: "text_ops"}}}}},
		"another kind of index":        {plain, "gin", schema.CreateIndex{Name: "i", Table: "t", Method: "gin", Columns: []schema.IndexColumn{{Column: "a"}}}},
		"a comment":                    {plain, "no comments", add(schema.Column{Name: "b", Type: "TEXT", Comment: &word, Nullable: true}, "")},
		"a counter":                    {plain, "does not number rows", schema.CreateTable{Name: "u", Columns: []schema.Column{{Name: "id", Type: "bigserial", Pk: true}}}},
		"a constraint that is not":     {plain, "no such constraint", schema.DropConstraint{Table: "t", Name: "nothing"}},
		"a table that is referred to":  {plain + "; CREATE TABLE o (t REFERENCES t)", "foreign key of o", schema.DropTable{Name: "t"}},
		"a table in a view":            {plain + "; CREATE VIEW v AS SELECT c FROM t", "view v", schema.DropTable{Name: "t"}},
		"a default that changes":       {plain, "non-constant default", add(schema.Column{Name: "b", Type: "TEXT", Default: ptr("CURRENT_TIMESTAMP")}, "")},
		"an up that does not parse":    {plain, "cannot be evaluated", add(schema.Column{Name: "b", Type: "TEXT", Nullable: true}, "upper(a")},
		"an up of nothing there":       {plain, "cannot be evaluated", add(schema.Column{Name: "b", Type: "TEXT", Nullable: true}, `"nothere"`)},
		"an up that names itself":      {plain, "cannot be evaluated", add(schema.Column{Name: "b", Type: "TEXT", Nullable: true}, "b")},
		"an up that gives NULL":        {plain + "; INSERT INTO t (a) VALUES (NULL)", "does not take", add(schema.Column{Name: "b", Type: "TEXT"}, "a")},
		"an up that fails":             {plain + "; INSERT INTO t (a) VALUES ('{')", "cannot be evaluated", add(schema.Column{Name: "b", Type: "TEXT", Nullable: true}, "json_extract(a, '$.x')")},
		"an up that breaks its check":  {plain + "; INSERT INTO t (a) VALUES ('ab')", "does not take", add(schema.Column{Name: "b", Type: "TEXT", Nullable: true, Check: &schema.Check{Name: "c", Constraint: "length(b) > 5"}}, "a")},
		"an up that changes":           {plain + "; INSERT INTO t (a) VALUES ('ab')", "another value", add(schema.Column{Name: "b", Type: "TEXT", Nullable: true}, "random()")},
		"a down of what is gone":       {plain, "cannot be evaluated", schema.AlterColumn{Table: "t", Column: "a", As: "b", Type: "INT", Up: "1", Down: "a"}},
		"no down for new rows":         {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL)", "need a `down`", schema.DropColumn{Table: "t", Column: "a"}},
		"a NOT NULL with a conflict":   {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL ON CONFLICT REPLACE)", "conflict clause", rename},
		"a statement that commits":     {plain, "transaction", schema.SQL{Up: "COMMIT", Down: "SELECT 1"}},
		"a view that is broken":        {plain + "; CREATE VIEW v AS SELECT gone FROM t", "no such column", rename},
		"an index there is not":        {plain, "there is no index", schema.DropIndex{Name: "nothing"}},
		"an index contract would lose": {plain + "; CREATE INDEX two ON t (c, a)", "no such column: c", schema.DropColumn{Table: "t", Column: "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := database(t, c.sql)
			before := h.shape()
			for what, refuse := range map[string]func() error{
				"check":  func() error { return h.Check(t.Context(), change(c.op)) },
				"expand": func() error { return h.Expand(t.Context(), change(c.op)) },
			} {
				if err := refuse(); !errors.Is(err, sqlite.ErrRefused) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: got %v, want a refusal that names: %s", what, err, c.want)
				}
			}
			h.isShaped(before)
		})
	}
}

func ptr(s string) *string { return &s }

func TestATableThatWouldKeepWritersOutForTooLongIsRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", "INSERT INTO t (a) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT hex(zeroblob(6000)) FROM n")
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	h.Rewrite = 1 << 20
	if err := h.Expand(t.Context(), c); !errors.Is(err, sqlite.ErrRefused) || !strings.Contains(err.Error(), "the limit is 1 MiB") {
		t.Errorf("expand: %v", err)
	}
	h.Rewrite = -1
	h.fill(c)
	h.Rewrite = 1 << 20
	if err := h.Contract(t.Context(), c); !errors.Is(err, sqlite.ErrRefused) {
		t.Errorf("contract: %v", err)
	}
	h.Rewrite = 0
	must(t, "contract", h.Contract(t.Context(), c))
}

func TestADatabaseThatIsNotThereIsNotMade(t *testing.T) {
	t.Parallel()
	e := engineOn(t.TempDir() + "/none.db")
	if err := e.Check(t.Context(), change(schema.DropIndex{Name: "i"})); err == nil || !strings.Contains(err.Error(), "does the file exist") {
		t.Error(err)
	}
}

// Whenever the time ends, in the middle of whatever is tried, that says nothing
// of the change.
func TestACheckThatIsCutShortRefusesNothing(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", "INSERT INTO t (a) VALUES ('x'), ('y')")
	c := change(schema.AlterColumn{Table: "t", Column: "a", As: "b", Type: "TEXT", Up: "upper(a)", Down: "lower(b)"})
	cut := 0
	for within := time.Millisecond; ; within *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		err := h.Check(ctx, c)
		cancel()
		if err == nil {
			break
		}
		if cut++; errors.Is(err, sqlite.ErrRefused) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("after %s: %v", within, err)
		}
	}
	if cut == 0 {
		t.Error("nothing was cut short")
	}
}
