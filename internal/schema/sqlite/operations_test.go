package sqlite_test

import (
	"testing"

	"cutover/internal/schema"
)

func TestAColumnIsAlteredInManyWaysAtOnce(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE kinds (name TEXT PRIMARY KEY)", "INSERT INTO kinds VALUES ('placeholder'), ('known'), ('other')",
		"CREATE TABLE events (id INTEGER PRIMARY KEY, kind VARCHAR(40) COLLATE NOCASE DEFAULT 'old', at INT)", "CREATE INDEX events_by ON events (at, kind)",
		"INSERT INTO events (kind) VALUES (NULL), ('known')",
		"CREATE TABLE log (line TEXT)", "CREATE TRIGGER logged AFTER INSERT ON events BEGIN INSERT INTO log VALUES ('event ' || NEW.id); END",
		"CREATE VIEW latest AS SELECT max(at) AS at FROM events")
	before := h.shape()
	not := false
	c := change(schema.AlterColumn{Table: "events", Column: "kind", As: "name", Type: "TEXT", Nullable: &not, Default: &schema.Setting{Value: "'kno' || 'wn'"},
		Unique: &schema.Unique{Name: "events_name"}, Check: &schema.Check{Name: "long", Constraint: "length(name) > 3"},
		References: &schema.References{Name: "events_kind", Table: "kinds", Column: "name", OnDelete: "CASCADE"},
		Up:         "SELECT CASE WHEN kind IS NULL THEN 'placeholder' ELSE kind END", Down: "nullif(name, 'placeholder')"})
	h.fill(c)
	h.gives("SELECT count(*) FROM events WHERE kind IS NULL", "1")
	for _, bad := range []string{"INSERT INTO events (kind) VALUES ('abc')", "INSERT INTO events (kind) VALUES ('unknown')", "INSERT INTO events (kind) VALUES ('known')",
		"UPDATE events SET name = NULL", "UPDATE events SET name = 'xy' WHERE id = 2"} {
		if h.Exec(t.Context(), bad) == nil {
			t.Errorf("%s: was not refused", bad)
		}
	}
	must(t, "revert", h.Revert(t.Context(), c))
	h.isShaped(before)
	h.fill(c)
	h.run("INSERT INTO events (kind) VALUES ('other')")
	must(t, "contract", h.Contract(t.Context(), c))
	h.gives("SELECT id, name FROM events ORDER BY id", "1|placeholder", "2|known", "3|other")
	h.gives(`SELECT name, type, "notnull", dflt_value FROM pragma_table_info('events') WHERE name = 'name'`, "name|TEXT|1|'kno' || 'wn'")
	h.gives("SELECT name FROM sqlite_schema WHERE tbl_name = 'events' AND name NOT LIKE 'sqlite_%' ORDER BY name", "events", "events_by", "events_name", "logged")
	h.gives("SELECT coll FROM pragma_index_xinfo('events_by') WHERE name = 'name'", "NOCASE")
	h.gives("SELECT \"table\", on_delete FROM pragma_foreign_key_list('events')", "kinds|CASCADE")
	h.run("DELETE FROM kinds WHERE name = 'known'", "INSERT INTO kinds VALUES ('known')", "INSERT INTO events (at) VALUES (1)")
	h.gives("SELECT id, name FROM events ORDER BY id", "1|placeholder", "3|other", "4|known")
	h.gives("SELECT count(*) FROM log", "2")
	h.gives("SELECT at FROM latest", "1")
}

func TestTwoColumnsAreMergedAndComeApartAgain(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE people (id INTEGER PRIMARY KEY, first TEXT NOT NULL, last TEXT NOT NULL)", "INSERT INTO people (first, last) VALUES ('Ada', 'Byron')")
	c := change(schema.Merge{Table: "people", Columns: []string{"first", "last"}, Into: schema.Column{Name: "name", Type: "TEXT"}, Up: "first || ' ' || last",
		Down: map[string]string{"first": "substr(name, 1, instr(name, ' ') - 1)", "last": "substr(name, instr(name, ' ') + 1)"}})
	h.fill(c)
	h.run("UPDATE people SET last = 'Lovelace'", "INSERT INTO people (name) VALUES ('Alan Turing')")
	both := []string{"Ada Lovelace|Ada|Lovelace", "Alan Turing|Alan|Turing"}
	h.gives("SELECT name, first, last FROM people ORDER BY id", both...)
	must(t, "revert", h.Revert(t.Context(), c))
	h.gives("SELECT first, last FROM people ORDER BY id", "Ada|Lovelace", "Alan|Turing")
}

func TestADroppedColumnIsFilledForOldCodeUntilItGoes(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT)", "INSERT INTO t (a, b) VALUES ('one', 1)")
	before := h.shape()
	c := change(schema.DropColumn{Table: "t", Column: "a", Down: "'made of ' || b"})
	h.fill(c)
	h.run("INSERT INTO t (b) VALUES (2)")
	if h.Exec(t.Context(), "UPDATE t SET a = NULL") == nil {
		t.Error("a column that is not nullable was emptied")
	}
	h.gives("SELECT a FROM t ORDER BY id", "one", "made of 2")
	must(t, "revert", h.Revert(t.Context(), c))
	h.isShaped(before)
	h.fill(c)
	must(t, "contract", h.Contract(t.Context(), c))
	h.gives("SELECT name FROM pragma_table_info('t')", "id", "b")
}

func TestConstraintsIndexesTablesAndStatementsComeAndGo(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE old (id INTEGER PRIMARY KEY)", "CREATE TABLE t (id INTEGER PRIMARY KEY, o INT, CONSTRAINT gone CHECK (o > 0))", "INSERT INTO t VALUES (1, 1)")
	before := h.shape()
	c := change(
		schema.CreateConstraint{Table: "t", Constraint: schema.Constraint{Name: "t_unique", Type: "unique", Columns: []string{"id", "o"}}},
		schema.CreateConstraint{Table: "t", Constraint: schema.Constraint{Name: "t_small", Type: "check", Check: "o < 100"}},
		schema.DropConstraint{Table: "t", Name: "gone"},
		schema.CreateIndex{Table: "t", Name: "t_part", Unique: true, Columns: []schema.IndexColumn{{Column: "o", Sort: "DESC", Collate: "NOCASE"}}, Predicate: "o > 1"},
		schema.AddColumn{Table: "t", Column: schema.Column{Name: "code", Type: "TEXT", Nullable: true, Unique: true}},
		schema.DropTable{Name: "old"},
		schema.SQL{Up: "CREATE TABLE mood (good INT); INSERT INTO mood VALUES (1)", Down: "DROP TABLE mood"},
		schema.SQL{Up: "CREATE TABLE late (good INT)", OnComplete: true})
	h.fill(c)
	must(t, "revert", h.Revert(t.Context(), c))
	h.isShaped(before)
	h.fill(c)
	must(t, "contract", h.Contract(t.Context(), c))
	h.gives("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name", "cutover_change", "late", "mood", "t", "t_code_key", "t_part", "t_unique")
	h.run("INSERT INTO t (id, o) VALUES (2, -5)")
	if h.Exec(t.Context(), "INSERT INTO t (id, o) VALUES (3, 200)") == nil {
		t.Error("the new check does not hold")
	}
}

// The statements of SQLite that decide for themselves what a conflict means.
func TestUpsertsReplacementsAndIgnoredRowsKeepBothShapesInStep(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL COLLATE NOCASE)", "INSERT INTO t VALUES (1, 'one'), (2, 'two')")
	c := change(schema.AlterColumn{Table: "t", Column: "a", As: "b", Unique: &schema.Unique{Name: "t_b"}, Up: "a || '!'", Down: "rtrim(b, '!')"})
	h.fill(c)
	shapes := "SELECT id, a, b FROM t ORDER BY id"
	h.run("UPDATE t SET a = 'ONE' WHERE id = 1") // equal, by the column's collation
	h.gives(shapes, "1|ONE|ONE!", "2|two|two!")
	h.run("INSERT INTO t (id, a) VALUES (1, 'uno') ON CONFLICT (id) DO UPDATE SET a = excluded.a", "INSERT INTO t (id, b) VALUES (2, 'due!') ON CONFLICT (id) DO UPDATE SET b = excluded.b")
	h.gives(shapes, "1|uno|uno!", "2|due|due!")
	h.run("REPLACE INTO t (id, a) VALUES (1, 'eins')", "REPLACE INTO t (id, b) VALUES (2, 'zwei!')", "INSERT OR IGNORE INTO t (id, a) VALUES (1, 'no')", "INSERT OR IGNORE INTO t (id, b) VALUES (3, 'zwei!')")
	h.gives(shapes, "1|eins|eins!", "2|zwei|zwei!")
	// Old code may not know that the new column is unique: the row cannot be
	// kept in step, so it is refused loudly and not torn quietly.
	for _, bad := range []string{"INSERT INTO t (id, a) VALUES (4, 'eins')", "INSERT OR IGNORE INTO t (id, a) VALUES (4, 'eins')", "UPDATE OR IGNORE t SET a = 'eins' WHERE id = 2",
		"UPDATE OR FAIL t SET a = 'eins' WHERE id = 2"} {
		if h.Exec(t.Context(), bad) == nil {
			t.Errorf("%s: was not refused", bad)
		}
	}
	h.gives(shapes, "1|eins|eins!", "2|zwei|zwei!")
}

func TestAUsersOwnTriggerThatWritesTheOldColumnIsFollowed(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		h := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
		theirs := "CREATE TRIGGER theirs AFTER INSERT ON t BEGIN UPDATE t SET other = 'seen', a = trim(a) WHERE id = NEW.id; END"
		h.run("ALTER TABLE t ADD COLUMN other TEXT")
		c := change(schema.SQL{Up: "SELECT 1", Down: "SELECT 1"}, schema.AddColumn{Table: "t", Column: schema.Column{Name: "b", Type: "TEXT"}, Up: "coalesce(a, '') || '!'"})
		if !late {
			h.run(theirs)
		}
		h.fill(c)
		if late {
			h.run(theirs)
		}
		h.run("INSERT INTO t (a) VALUES ('one')")
		h.gives("SELECT a, b, other FROM t", "one|one!|seen")
	}
}
