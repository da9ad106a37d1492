package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Constraint is a constraint over columns of a table.
type Constraint struct {
	Name string `yaml:"name"`
	// Type is check, unique, primary_key, foreign_key or exclude.
	Type              string           `yaml:"type"`
	Columns           []string         `yaml:"columns"`
	Check             string           `yaml:"check"`
	References        *KeyOf           `yaml:"references"`
	Exclude           *Exclude         `yaml:"exclude"`
	IndexParameters   *IndexParameters `yaml:"index_parameters"`
	NoInherit         bool             `yaml:"no_inherit"`
	NullsNotDistinct  bool             `yaml:"nulls_not_distinct"`
	Deferrable        bool             `yaml:"deferrable"`
	InitiallyDeferred bool             `yaml:"initially_deferred"`
}

// KeyOf is the other end of a foreign key.
type KeyOf struct {
	Table    string   `yaml:"table"`
	Columns  []string `yaml:"columns"`
	OnDelete string   `yaml:"on_delete"`
	OnUpdate string   `yaml:"on_update"`
	// OnDeleteSetColumns are the columns ON DELETE SET NULL or SET DEFAULT
	// sets; empty is all of the key.
	OnDeleteSetColumns []string `yaml:"on_delete_set_columns"`
	// MatchType is SIMPLE, the default, or FULL.
	MatchType string `yaml:"match_type"`
}

// Exclude says which rows an exclusion constraint keeps apart.
type Exclude struct {
	// IndexMethod is gist, unless something else is said.
	IndexMethod string `yaml:"index_method"`
	// Elements are as in SQL, such as "room WITH =, during WITH &&".
	Elements  string `yaml:"elements"`
	Predicate string `yaml:"predicate"`
}

// IndexParameters are those of the index behind a constraint.
type IndexParameters struct {
	Tablespace        string   `yaml:"tablespace"`
	StorageParameters string   `yaml:"storage_parameters"`
	IncludeColumns    []string `yaml:"include_columns"`
}

func (c Constraint) validate() error {
	errs := []error{named("the constraint", c.Name), deferral(c.Deferrable, c.InitiallyDeferred)}
	switch c.Type {
	case "check":
		errs = append(errs, required("check", c.Check))
	case "unique", "primary_key":
		errs = append(errs, c.hasColumns())
	case "foreign_key":
		errs = append(errs, c.hasColumns(), c.references())
	case "exclude":
		if c.Exclude == nil || c.Exclude.Elements == "" {
			errs = append(errs, errors.New("an exclusion constraint needs `exclude` with its `elements`"))
		}
	default:
		errs = append(errs, fmt.Errorf("%q is no type of a constraint; write check, unique, primary_key, foreign_key or exclude", c.Type))
	}
	return errors.Join(append(errs, c.belongs()...)...)
}

// belongs reports settings another type of constraint has.
func (c Constraint) belongs() []error {
	index := slices.Contains([]string{"unique", "primary_key", "exclude"}, c.Type)
	var errs []error
	for _, s := range []struct {
		given, fits bool
		what        string
	}{
		{c.Check != "", c.Type == "check", "`check`"},
		{c.NoInherit, c.Type == "check", "`no_inherit`"},
		{c.References != nil, c.Type == "foreign_key", "`references`"},
		{c.Exclude != nil, c.Type == "exclude", "`exclude`"},
		{c.NullsNotDistinct, c.Type == "unique", "`nulls_not_distinct`"},
		{c.IndexParameters != nil, index, "`index_parameters`"},
		{c.Deferrable, c.Type != "check", "`deferrable`"},
	} {
		if s.given && !s.fits {
			errs = append(errs, fmt.Errorf("%s does not belong to a constraint of type %s; leave it out", s.what, c.Type))
		}
	}
	return errs
}

func (c Constraint) hasColumns() error {
	if len(c.Columns) == 0 {
		return errors.New("the constraint has no columns")
	}
	return nil
}

func (c Constraint) references() error {
	if c.References == nil {
		return errors.New("a foreign key needs `references`")
	}
	r := *c.References
	errs := []error{required("referenced table", r.Table), action(r.OnDelete), action(r.OnUpdate), matching(r.MatchType)}
	if len(r.Columns) > 0 && len(r.Columns) != len(c.Columns) {
		errs = append(errs, fmt.Errorf("%d columns reference %d", len(c.Columns), len(r.Columns)))
	}
	if len(r.OnDeleteSetColumns) > 0 && r.OnDelete != "SET NULL" && r.OnDelete != "SET DEFAULT" {
		errs = append(errs, errors.New("`on_delete_set_columns` belongs to on_delete SET NULL or SET DEFAULT"))
	}
	return errors.Join(errs...)
}

// CreateConstraint adds a constraint over existing columns. It holds for old
// code too, from backfill on. Where old code's values may break it, Up makes
// others of them, and Down what old code is to see, each by column: such a
// column gets a second one beside it, as in alter_column, and the constraint
// is over that one.
type CreateConstraint struct {
	Constraint `yaml:",inline"`
	Table      string            `yaml:"table"`
	Up         map[string]string `yaml:"up"`
	Down       map[string]string `yaml:"down"`
}

// Kind implements Operation.
func (CreateConstraint) Kind() string { return "create_constraint" }

// Target implements Operation.
func (o CreateConstraint) Target() string { return o.Table }

// Validate implements Operation.
func (o CreateConstraint) Validate() error {
	errs := []error{o.validate(), required("table", o.Table)}
	s, copies := o.Sync()
	if !copies {
		return errors.Join(errs...)
	}
	if o.Type == "primary_key" || o.Type == "exclude" {
		errs = append(errs, fmt.Errorf("`up` changes values of %s, which a %s cannot wait for: alter that column in a change before this one", s.Old[0].Name, o.Type))
	}
	if len(o.Columns) > 0 {
		for _, name := range slices.Sorted(maps.Keys(o.Up)) {
			if !slices.Contains(o.Columns, name) {
				errs = append(errs, fmt.Errorf("`up` names %s, which the constraint does not cover", name))
			}
		}
	}
	return errors.Join(errs...)
}

// Sync implements Syncing.
func (o CreateConstraint) Sync() (Sync, bool) { return copies(o.Table, o.Up, o.Down) }

// Stages implements Operation.
func (o CreateConstraint) Stages() Stages {
	s := Stages{Backfill: "add the constraint for new rows, then validate it for the others", Contract: nothing, Revert: "drop it",
		Locks: []Lock{{"backfill", "ACCESS EXCLUSIVE", "everything, for the moment of a catalogue change"}, lockIndex}, Reversible: WithData}
	if _, copies := o.Sync(); copies {
		s = synced("a second column for each one `up` changes", WithData)
	}
	switch o.Type {
	case "unique":
		s.Backfill = "build its index concurrently, then make the constraint of it"
	case "primary_key":
		s.Backfill = "build its index concurrently, and validate that no column of it is null"
		s.Contract = "make the primary key of the index"
		s.Locks = append(s.Locks, lockContract)
	case "exclude":
		s.Backfill = "build it under a lock for at most the lock budget; PostgreSQL cannot build it beside writers, so that a large table is refused"
	}
	return s.whole()
}

// copies are the columns that need a second one, because an expression makes
// something else of their values.
func copies(table string, up, down map[string]string) (Sync, bool) {
	s := Sync{Table: table, Shim: true}
	columns := slices.Collect(maps.Keys(up))
	for name := range down {
		if _, both := up[name]; !both {
			columns = append(columns, name)
		}
	}
	slices.Sort(columns)
	for _, name := range columns {
		if plain(up[name], name) && plain(down[name], name) {
			continue
		}
		n, o := copied(name, up[name], down[name])
		s.New, s.Old = append(s.New, n), append(s.Old, o)
	}
	return s, len(s.New) > 0
}

// plain reports whether an expression is the column itself.
func plain(expr, column string) bool {
	return expr == "" || expr == column || expr == Quote(column)
}

// copied are both sides of a column that keeps its name; an expression that
// is left out is the column itself.
func copied(name, up, down string) (NewColumn, OldColumn) {
	if up == "" {
		up = Quote(name)
	}
	if down == "" {
		down = Quote(name)
	}
	return NewColumn{Physical: Name("cutover_new", name), Final: name, Of: name, Up: up, Def: Column{Name: name}}, OldColumn{Name: name, Down: down}
}
