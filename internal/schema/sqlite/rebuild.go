package sqlite

import (
	"context"
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// rebuild gives columns of a table new defaults, for which SQLite has no
// statement: by the way its documentation lays down, a table of the new text
// is made, filled, and put in the place of the old one, in the caller's
// transaction, which must be on a connection that acts on no foreign keys.
func (s *session) rebuild(ctx context.Context, name string, defaults map[string]string) error {
	t, err := s.table(ctx, name)
	if err != nil {
		return err
	}
	for column, value := range defaults {
		at := t.def.column(column)
		if at < 0 {
			return fmt.Errorf("the column %s is not in the text of %s", column, t.name)
		}
		t.def.elements[at] += "\nDEFAULT (" + value + "\n)"
	}
	dependants, err := s.list(ctx, "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY rowid", t.name)
	if err != nil {
		return err
	}
	var columns []string
	for _, c := range t.columns {
		if !c.generated {
			columns = append(columns, c.name)
		}
	}
	list := names(columns)
	if !t.keyed {
		list = t.rowid + ", " + list
	}
	meanwhile, old := schema.Quote(schema.Name("cutover_new", t.name)), schema.Quote(t.name)
	t.def.head = "CREATE TABLE " + meanwhile + " ("
	statements := []string{t.def.String(), fmt.Sprintf("INSERT INTO %s (%s) SELECT %[2]s FROM %s", meanwhile, list, old)}
	counters, err := s.countOn(ctx, t.name)
	if err != nil {
		return err
	}
	statements = append(statements, counters...)
	// Without this, views and triggers that name the table would be looked at
	// while it is not there.
	statements = append(statements, "PRAGMA legacy_alter_table = 1", "DROP TABLE "+old, fmt.Sprintf("ALTER TABLE %s RENAME TO %s", meanwhile, old), "PRAGMA legacy_alter_table = 0")
	return s.exec(ctx, append(statements, dependants...)...)
}

// countOn returns the statement that lets a table with AUTOINCREMENT go on
// where it was, which may be after its last row.
func (s *session) countOn(ctx context.Context, name string) ([]string, error) {
	counts, err := s.exists(ctx, "sqlite_sequence")
	if err != nil || !counts {
		return nil, err
	}
	last, err := s.list(ctx, "SELECT seq FROM sqlite_sequence WHERE name = ?", name)
	if err != nil || len(last) == 0 {
		return nil, err
	}
	meanwhile := text(schema.Name("cutover_new", name))
	return []string{"DELETE FROM sqlite_sequence WHERE name = " + meanwhile,
		fmt.Sprintf("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", meanwhile, last[0])}, nil
}

// constraint reports whether a table has a constraint of a name.
func (t table) constraint(name string) bool {
	for _, e := range t.def.elements {
		words := wordsOf(e)
		for i := 0; i+1 < len(words); i++ {
			if strings.EqualFold(words[i], "CONSTRAINT") && strings.EqualFold(unquote(words[i+1]), name) {
				return true
			}
		}
	}
	return false
}
