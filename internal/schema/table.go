package schema

import (
	"errors"
	"fmt"
	"slices"
)

// CreateTable makes a table that only new code knows.
type CreateTable struct {
	Name        string       `yaml:"name"`
	Columns     []Column     `yaml:"columns"`
	Comment     *string      `yaml:"comment"`
	Constraints []Constraint `yaml:"constraints"`
}

// Kind implements Operation.
func (CreateTable) Kind() string { return "create_table" }

// Target implements Operation.
func (o CreateTable) Target() string { return o.Name }

// Validate implements Operation.
func (o CreateTable) Validate() error {
	errs := []error{named("the table", o.Name)}
	if len(o.Columns) == 0 {
		errs = append(errs, errors.New("the table has no columns"))
	}
	seen := map[string]bool{}
	for _, c := range o.Columns {
		errs = append(errs, c.validate())
		if seen[c.Name] {
			errs = append(errs, fmt.Errorf("the column %s is there twice", c.Name))
		}
		seen[c.Name] = true
	}
	for _, c := range o.Constraints {
		if err := c.validate(); err != nil {
			errs = append(errs, fmt.Errorf("constraint %s: %w", c.Name, err))
		}
		if c.Type == "primary_key" && slices.ContainsFunc(o.Columns, func(c Column) bool { return c.Pk }) {
			errs = append(errs, errors.New("the primary key is given twice, by columns and as a constraint; leave one out"))
		}
		for _, name := range c.Columns {
			if !seen[name] {
				errs = append(errs, fmt.Errorf("constraint %s: there is no column %s", c.Name, name))
			}
		}
	}
	return errors.Join(errs...)
}

// Stages implements Operation.
func (o CreateTable) Stages() Stages {
	return Stages{Expand: "create the table " + o.Name, Contract: "nothing is left to do",
		Revert: "drop it if it is empty, else move it aside into the schema cutover_kept", Reversible: Kept}.whole()
}

// DropTable removes a table new code no longer knows.
type DropTable struct {
	Name string `yaml:"name"`
}

// Kind implements Operation.
func (DropTable) Kind() string { return "drop_table" }

// Target implements Operation.
func (o DropTable) Target() string { return o.Name }

// Validate implements Operation.
func (o DropTable) Validate() error { return required("name", o.Name) }

// Stages implements Operation.
func (o DropTable) Stages() Stages {
	return Stages{Contract: "drop the table " + o.Name, Revert: "it was never touched", Locks: []Lock{lockContract}, Reversible: WithData}.whole()
}

// RenameTable gives a table another name. Until contract the new name is a
// view of it that can be written to.
type RenameTable struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

// Kind implements Operation.
func (RenameTable) Kind() string { return "rename_table" }

// Target implements Operation.
func (o RenameTable) Target() string { return o.From }

// Validate implements Operation.
func (o RenameTable) Validate() error {
	return errors.Join(required("from", o.From), named("the new table", o.To))
}

// Stages implements Operation.
func (o RenameTable) Stages() Stages {
	return Stages{Expand: "make the view " + o.To + " of the table", Contract: "replace the view by the table, in one transaction",
		Revert: "remove the view", Locks: []Lock{lockContract}, Reversible: WithData}.whole()
}
