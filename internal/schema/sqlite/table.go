package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// table is what the database says of a table.
type table struct {
	name, kind   string
	withoutRowid bool
	// keyed says that a column is the rowid, so that VACUUM keeps it.
	keyed   bool
	columns []column
	def     definition
	// rowid is a name of the rowid that no column has taken, or "".
	rowid string
}

// column is what the database says of a column.
type column struct {
	name, typ string
	// defaultTo is an expression, "" for none.
	defaultTo string
	// def is what CREATE TABLE says of it.
	def     string
	notNull bool
	// relaxed says that NOT NULL is kept by triggers for the time of a change.
	relaxed   bool
	key       bool
	generated bool
}

func (t table) column(name string) (column, bool) {
	i := slices.IndexFunc(t.columns, func(c column) bool { return strings.EqualFold(c.name, name) })
	if i < 0 {
		return column{}, false
	}
	return t.columns[i], true
}

// errNoTable means that a table is not there.
var errNoTable = errors.New("there is no such table")

// table reads a table from the schema.
func (s *session) table(ctx context.Context, name string) (table, error) {
	var t table
	var text *string
	found := false
	err := s.each(ctx, `SELECT l.name, l.type, l.wr, (SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = l.name)
		FROM pragma_table_list AS l WHERE l.schema = 'main' AND lower(l.name) = lower(?)`, []any{name}, func(scan func(...any) error) error {
		found = true
		return scan(&t.name, &t.kind, &t.withoutRowid, &text)
	})
	if err != nil {
		return t, fmt.Errorf("reading the table %s: %w", name, err)
	}
	if !found {
		return t, fmt.Errorf("%s: %w", name, errNoTable)
	}
	if text != nil {
		t.def = define(*text)
	}
	if err := s.readColumns(ctx, &t); err != nil {
		return t, fmt.Errorf("reading the columns of %s: %w", name, err)
	}
	for _, alias := range []string{"_rowid_", "rowid", "oid"} {
		if _, taken := t.column(alias); !taken && !t.withoutRowid {
			t.rowid = alias
			break
		}
	}
	return t, nil
}

func (s *session) readColumns(ctx context.Context, t *table) error {
	keys := 0
	err := s.each(ctx, "SELECT name, type, coalesce(dflt_value, ''), \"notnull\", pk > 0, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1", []any{t.name},
		func(scan func(...any) error) error {
			var c column
			var hidden int
			if err := scan(&c.name, &c.typ, &c.defaultTo, &c.notNull, &c.key, &hidden); err != nil {
				return err
			}
			c.generated = hidden > 0
			if i := t.def.column(c.name); i >= 0 {
				c.def = t.def.elements[i]
			}
			if c.key {
				keys++
				t.keyed = strings.EqualFold(c.typ, "INTEGER")
			}
			t.columns = append(t.columns, c)
			return nil
		})
	if err != nil {
		return err
	}
	// A key that is not the rowid has an index of its own.
	var indexed bool
	err = s.get(ctx, "SELECT EXISTS (SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk')", []any{t.name}, &indexed)
	t.keyed = t.keyed && keys == 1 && !indexed
	return err
}

// exists reports whether anything in the database has a name.
func (s *session) exists(ctx context.Context, name string) (bool, error) {
	var taken bool
	err := s.get(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE lower(name) = lower(?))", []any{name}, &taken)
	return taken, err
}
