// Package catalogue reads what a PostgreSQL database consists of: its tables
// with their sizes, columns, indexes, constraints and what hangs on them, and
// the objects beside them that code may use.
package catalogue

import (
	"slices"
	"strings"
)

// Catalogue is a database's shape at one moment. Lists are sorted by name.
type Catalogue struct {
	// Server is the version as a number, such as 150018.
	Server int
	// Tables are ordinary and partitioned tables, partitions, views and
	// foreign tables of all schemas but the system's and those of extensions.
	Tables []Table
	// Objects are functions, sequences and schemas.
	Objects []Object
	// Enums are enumerations with their values, Domains the domains.
	Enums   []Enum
	Domains []Domain
}

// Table is one relation.
type Table struct {
	OID          uint32
	Schema, Name string
	// Kind is table, partitioned table, view, materialized view or foreign
	// table.
	Kind string
	// Rows is estimated, or counted where a table is small and was never
	// analysed; negative if unknown. Of a partitioned table it is the sum.
	Rows int64
	// Heap is the size of the rows without indexes and toast, Bytes that of
	// everything, both in bytes. Of a partitioned table they are sums.
	Heap, Bytes int64
	// Filenode changes when the table is rewritten or emptied; 0 if the table
	// has no file.
	Filenode uint32
	// Parent is the OID of the table this one is a partition of, or else 0.
	Parent uint32
	// Secured says that row level security is on.
	Secured bool
	// Definition is that of a view, "" for the others.
	Definition  string
	Columns     []Column
	Constraints []Constraint
	Indexes     []Index
	Triggers    []Trigger
	// Dependents hang on the table or one of its columns and do not change
	// with it.
	Dependents []Dependent
}

// Column is one column of a table. Number stays the same when it is renamed.
type Column struct {
	Number int16
	Name   string
	// Type is what format_type says, such as "character varying(50)".
	Type    string
	NotNull bool
	// Default is the default's expression, "" for none.
	Default string
	// Generated says that nothing can be written to it; Identity is "always"
	// or "by default", "" for a column that is none.
	Generated bool
	Identity  string
}

// Constraint is one constraint of a table.
type Constraint struct {
	OID  uint32
	Name string
	// Kind is check, foreign key, primary key, unique or exclusion.
	Kind string
	// Definition is as in ALTER TABLE ADD CONSTRAINT.
	Definition string
	Columns    []string
	// References is the OID of the table a foreign key refers to, or else 0.
	References uint32
	Validated  bool
}

// Index is one index of a table.
type Index struct {
	OID        uint32
	Name       string
	Definition string
	Unique     bool
	Valid      bool
	Bytes      int64
}

// Trigger is one trigger people made.
type Trigger struct{ Name, Definition string }

// Dependent is an object that breaks, or forbids the change, when what it
// hangs on is changed.
type Dependent struct {
	// Kind is a word such as view, policy, publication, generated column.
	Kind, Name string
	// Column is the column it hangs on, "" for the table as a whole.
	Column string
}

// Object is a function, a sequence or a schema. Name has its schema and, for
// a function, the types of its arguments.
type Object struct {
	OID        uint32
	Kind, Name string
}

// Enum is an enumeration.
type Enum struct {
	OID    uint32
	Name   string
	Values []EnumValue
}

// EnumValue is one value of an enumeration. OID stays the same when it is
// renamed.
type EnumValue struct {
	OID  uint32
	Name string
}

// Domain is a domain with its rules in one text.
type Domain struct {
	OID         uint32
	Name        string
	Constraints string
}

// String returns the name with its schema, as a person writes it.
func (t Table) String() string { return t.Schema + "." + t.Name }

// Table returns the table with an OID.
func (c Catalogue) Table(oid uint32) (Table, bool) {
	i := slices.IndexFunc(c.Tables, func(t Table) bool { return t.OID == oid })
	if i < 0 {
		return Table{}, false
	}
	return c.Tables[i], true
}

// Named returns the table of a name, with or without its schema. Without one
// a table of public comes first.
func (c Catalogue) Named(name string) (Table, bool) {
	var found *Table
	for i := range c.Tables {
		t := &c.Tables[i]
		switch {
		case t.String() == name:
			return *t, true
		case t.Name == name && !strings.Contains(name, ".") && (found == nil || t.Schema == "public"):
			found = t
		}
	}
	if found == nil {
		return Table{}, false
	}
	return *found, true
}

// Column returns the column with a number.
func (t Table) Column(number int16) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Number == number })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// Required reports whether an INSERT that leaves the column out fails.
func (c Column) Required() bool {
	return c.NotNull && c.Default == "" && !c.Generated && c.Identity == ""
}

// Stored reports whether the relation keeps rows of its own or in partitions.
func (t Table) Stored() bool { return t.Kind == "table" || t.Kind == "partitioned table" }
