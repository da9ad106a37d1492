package schema

import "errors"

// RenameConstraint gives a constraint another name at contract; until then
// both versions know it by the old one.
type RenameConstraint struct {
	Table string `yaml:"table"`
	From  string `yaml:"from"`
	To    string `yaml:"to"`
}

// Kind implements Operation.
func (RenameConstraint) Kind() string { return "rename_constraint" }

// Target implements Operation.
func (o RenameConstraint) Target() string { return o.Table }

// Validate implements Operation.
func (o RenameConstraint) Validate() error {
	errs := []error{required("table", o.Table), required("from", o.From), named("the constraint", o.To)}
	if o.From == o.To {
		errs = append(errs, errors.New("both names are the same"))
	}
	return errors.Join(errs...)
}

// Stages implements Operation.
func (o RenameConstraint) Stages() Stages {
	return Stages{Contract: "rename the constraint " + o.From + ", after everything else of its table", Revert: "it was never touched",
		Locks: []Lock{lockContract}, Reversible: WithData}.whole()
}
