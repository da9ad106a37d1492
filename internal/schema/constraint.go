package schema

import (
	"errors"
	"fmt"
)

// CreateConstraint adds a constraint over existing columns. It holds for old
// code too, from backfill on: where old code may break it, alter_column with
// an `up` is the way.
type CreateConstraint struct {
	Name       string            `yaml:"name"`
	Table      string            `yaml:"table"`
	Type       string            `yaml:"type"`
	Columns    []string          `yaml:"columns"`
	Check      string            `yaml:"check"`
	References *KeyOf            `yaml:"references"`
	Up         map[string]string `yaml:"up"`
	Down       map[string]string `yaml:"down"`
}

// KeyOf is the other end of a foreign key.
type KeyOf struct {
	Table    string   `yaml:"table"`
	Columns  []string `yaml:"columns"`
	OnDelete string   `yaml:"on_delete"`
	OnUpdate string   `yaml:"on_update"`
}

// Kind implements Operation.
func (CreateConstraint) Kind() string { return "create_constraint" }

// Target implements Operation.
func (o CreateConstraint) Target() string { return o.Table }

// Validate implements Operation.
func (o CreateConstraint) Validate() error {
	errs := []error{named("the constraint", o.Name), required("table", o.Table)}
	switch o.Type {
	case "check":
		errs = append(errs, required("check", o.Check))
	case "unique":
		errs = append(errs, o.hasColumns())
	case "foreign_key":
		errs = append(errs, o.hasColumns())
		if o.References == nil {
			errs = append(errs, errors.New("a foreign key needs `references`"))
		} else {
			errs = append(errs, required("referenced table", o.References.Table), action(o.References.OnDelete), action(o.References.OnUpdate))
		}
	default:
		errs = append(errs, fmt.Errorf("%q is no type of a constraint; write check, unique or foreign_key", o.Type))
	}
	for column, up := range o.Up {
		if up != column && up != "" {
			errs = append(errs, fmt.Errorf("`up` changes values of %s: alter that column in an alter_column, then add the constraint in a later change", column))
		}
	}
	return errors.Join(errs...)
}

func (o CreateConstraint) hasColumns() error {
	if len(o.Columns) == 0 {
		return errors.New("the constraint has no columns")
	}
	return nil
}

// Stages implements Operation.
func (o CreateConstraint) Stages() Stages {
	return Stages{Backfill: "add the constraint for new rows, then validate it for the others", Revert: "drop it",
		Locks: []Lock{{"backfill", "ACCESS EXCLUSIVE", "everything, for the moment of a catalogue change"}, lockIndex}, Reversible: WithData}
}

// DropConstraint removes a constraint when only new code is left.
type DropConstraint struct {
	Name   string `yaml:"name"`
	Table  string `yaml:"table"`
	Column string `yaml:"column"`
	Up     string `yaml:"up"`
	Down   string `yaml:"down"`
}

// Kind implements Operation.
func (DropConstraint) Kind() string { return "drop_constraint" }

// Target implements Operation.
func (o DropConstraint) Target() string { return o.Table }

// Validate implements Operation.
func (o DropConstraint) Validate() error {
	return errors.Join(required("name", o.Name), required("table", o.Table))
}

// Stages implements Operation.
func (o DropConstraint) Stages() Stages {
	return Stages{Contract: "drop the constraint " + o.Name, Revert: "it was never touched", Locks: []Lock{lockContract}, Reversible: WithData}
}
