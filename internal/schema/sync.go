package schema

// Sync is a set of columns of one table in two shapes: the old ones, which
// old code reads and writes, and the new ones, which new code does.
type Sync struct {
	Table string
	New   []NewColumn
	Old   []OldColumn
	// Shim says that new code cannot name the new columns by their names in
	// the table, and reaches them through a view instead.
	Shim bool
	// Source, if set, is where the only new column has its values from in
	// another table.
	Source *Source
}

// Source is a column of another table that a new one is kept in step with.
type Source struct {
	Table, Column string
	// On joins the tables: by column of the new one's table, the column of
	// this one that is equal.
	On map[string]string
	// Up is the expression over this table's row, Down the one over the new
	// column's row; without Down only this side is followed.
	Up, Down string
}

// NewColumn is a column of the new shape.
type NewColumn struct {
	// Physical is its name while both shapes exist, Final the name new code
	// knows and the one it has after contract.
	Physical, Final string
	// Def is what it is to be. An empty Type means that of Of.
	Def Column
	// Of is the old column whose type, default, nullability, comment and
	// indexes it takes over where Def says nothing; empty for none.
	Of string
	// Up is the expression over the old shape that fills it, and Locking the
	// same for where its value is about to be written, if that differs.
	Up, Locking string
	// Nullable, Default and Comment override what is taken over from Of.
	Nullable *bool
	Default  *Setting
	Comment  *Setting
}

// OldColumn is a column of the old shape, which contract removes.
type OldColumn struct {
	Name string
	// Down is the expression over the new shape that fills it for rows new
	// code writes.
	Down string
}

// Setting is a value that can be set or, with Null, removed.
type Setting struct {
	Value string
	Null  bool
}

// UnmarshalYAML reads a setting from its value.
func (s *Setting) UnmarshalYAML(read func(any) error) error { return read(&s.Value) }
