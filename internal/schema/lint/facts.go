package lint

import (
	"fmt"
	"slices"
	"strings"
)

// SmallTable is the number of rows up to which reading or rewriting a table
// takes no time a user would notice.
const SmallTable = 10_000

// smallBytes is the size beyond which a table is not small, however few its
// rows are.
const smallBytes = 64 << 20

// Facts is what is known beyond the text. The zero value knows nothing, and
// the text alone is judged, with every table taken for a large one in use.
type Facts struct {
	// OneTransaction says that the whole script runs in one transaction, as
	// most migration programs do it.
	OneTransaction bool
	// Budget says that the session already has a lock_timeout and a
	// statement_timeout.
	Budget bool
	// Server is the major version, such as 15; 0 if unknown.
	Server int
	// Tables are those the database has. Nil means that they are not known;
	// a table missing from a list that is there does not exist yet.
	Tables []Table
}

// Table is what the catalogue says of one table.
type Table struct {
	Schema, Name string
	// Rows is the estimated number of rows, negative if unknown.
	Rows int64
	// Bytes is the size with indexes and what is stored apart; 0 if unknown.
	Bytes       int64
	Partitioned bool
	Columns     []Column
	Indexes     []Index
	// Dependents hang on the table or on one of its columns and do not change
	// with it.
	Dependents []Dependent
}

// Column is what the catalogue says of one column.
type Column struct {
	Name string
	// Type is what format_type says, such as "character varying(50)".
	Type    string
	NotNull bool
	// Checked says that a validated CHECK (column IS NOT NULL) stands.
	Checked bool
	// Default is the default's expression, "" for none.
	Default string
}

// Index is what the catalogue says of one index.
type Index struct {
	Name   string
	Unique bool
}

// Dependent is an object that breaks, or forbids the change, when what it
// hangs on is changed.
type Dependent struct {
	// Kind is a word such as view, policy, publication, generated column.
	Kind, Name string
	// Column is the column it hangs on, "" for the table as a whole.
	Column string
}

// table returns what is known of a table; nil if nothing.
func (f Facts) table(r *rangeVar) *Table {
	if r == nil {
		return nil
	}
	var found *Table
	for i := range f.Tables {
		t := &f.Tables[i]
		if t.Name != r.Name || r.Schema != "" && t.Schema != r.Schema {
			continue
		}
		if found == nil || t.Schema == "public" {
			found = t
		}
	}
	return found
}

// column returns what is known of a column; nil if nothing.
func (f Facts) column(r *rangeVar, name string) *Column {
	t := f.table(r)
	if t == nil {
		return nil
	}
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &t.Columns[i]
}

// absent reports whether the table is known not to exist before the script.
func (f Facts) absent(r *rangeVar) bool { return f.Tables != nil && f.table(r) == nil }

// dependents lists what hangs on a column, or on anything of the table if
// column is "".
func (f Facts) dependents(r *rangeVar, column string) string {
	t := f.table(r)
	if t == nil {
		return ""
	}
	var names []string
	for _, d := range t.Dependents {
		if column == "" || d.Column == column || d.Column == "" {
			names = append(names, d.Kind+" "+d.Name)
		}
	}
	return strings.Join(names, ", ")
}

// small reports whether the table is known to be small, and its size in words.
func (f Facts) small(r *rangeVar) (bool, string) {
	t := f.table(r)
	if t == nil || t.Rows < 0 || t.Partitioned {
		return false, ""
	}
	size := fmt.Sprintf("%s has about %d rows", r, t.Rows)
	if t.Rows <= SmallTable && t.Bytes > smallBytes {
		return false, size + fmt.Sprintf(", and yet takes %d MiB", t.Bytes>>20)
	}
	return t.Rows <= SmallTable, size
}

// index returns what is known of an index and which table it is on, nil if
// nothing is.
func (f Facts) index(r *rangeVar) (*Index, *rangeVar) {
	for i := range f.Tables {
		t := &f.Tables[i]
		if r.Schema != "" && r.Schema != t.Schema {
			continue
		}
		if x := slices.IndexFunc(t.Indexes, func(x Index) bool { return x.Name == r.Name }); x >= 0 {
			return &t.Indexes[x], &rangeVar{Schema: t.Schema, Name: t.Name, At: -1}
		}
	}
	return nil, nil
}
