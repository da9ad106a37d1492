package schema

import (
	"errors"
	"fmt"
)

// AddColumn adds a column. Up fills it for rows that exist and for those old
// code inserts; without it, the default does.
type AddColumn struct {
	Table  string `yaml:"table"`
	Column Column `yaml:"column"`
	Up     string `yaml:"up"`
}

// Kind implements Operation.
func (AddColumn) Kind() string { return "add_column" }

// Target implements Operation.
func (o AddColumn) Target() string { return o.Table }

// Validate implements Operation.
func (o AddColumn) Validate() error {
	errs := []error{required("table", o.Table), o.Column.validate()}
	if o.Column.Pk {
		errs = append(errs, errors.New("a column cannot become part of the primary key while old code runs"))
	}
	if o.Column.Generated != nil && o.Up != "" {
		errs = append(errs, fmt.Errorf("the column %s is generated; leave `up` out", o.Column.Name))
	}
	if !o.Column.Nullable && o.Up == "" && o.Column.Default == nil && o.Column.Generated == nil {
		errs = append(errs, fmt.Errorf("the column %s is not nullable, and old code does not know it: give an `up` or a default", o.Column.Name))
	}
	return errors.Join(errs...)
}

// Sync implements Syncing.
func (o AddColumn) Sync() (Sync, bool) {
	return Sync{Table: o.Table, New: []NewColumn{newColumn(o.Column, o.Up)}}, o.Up != ""
}

// Stages implements Operation.
func (o AddColumn) Stages() Stages {
	if o.Up == "" {
		return Stages{Expand: "add the column " + o.Column.Name, Contract: "nothing is left to do", Revert: "remove the column",
			Locks: []Lock{lockDDL}, Reversible: ShapeOnly}.whole()
	}
	return synced("the column "+o.Column.Name, ShapeOnly)
}

// newColumn returns a column that is itself and nothing's copy.
func newColumn(c Column, up string) NewColumn {
	n := NewColumn{Physical: c.Name, Final: c.Name, Def: c, Up: up, Nullable: &c.Nullable}
	if c.Default != nil {
		n.Default = &Setting{Value: *c.Default}
	}
	if c.Comment != nil {
		n.Comment = &Setting{Value: *c.Comment}
	}
	return n
}
