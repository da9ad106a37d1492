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
	// Up is the expression over the old shape that fills it.
	Up string
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
