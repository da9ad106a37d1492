package schema

import "errors"

// DropConstraint removes a constraint of one column when only new code is
// left. With an Up or Down that changes values, a second column without the
// constraint holds new code's values meanwhile, and Down makes of them what
// the constraint lets old code see; without, it holds for both until contract.
type DropConstraint struct {
	Name  string `yaml:"name"`
	Table string `yaml:"table"`
	// Column is the one the constraint is on; empty is found by an engine.
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

// Sync implements Syncing. Without Column, that of the result is empty too.
func (o DropConstraint) Sync() (Sync, bool) {
	if sameColumn(o.Up, o.Down) || plain(o.Up, o.Column) && plain(o.Down, o.Column) {
		return Sync{}, false
	}
	n, old := copied(o.Column, o.Up, o.Down)
	return Sync{Table: o.Table, New: []NewColumn{n}, Old: []OldColumn{old}, Shim: true}, true
}

// sameColumn reports whether both expressions are nothing but the same name.
func sameColumn(up, down string) bool {
	if up != down || up == "" {
		return false
	}
	name, length := token(up)
	return name != "" && length == len(up)
}

// Stages implements Operation.
func (o DropConstraint) Stages() Stages {
	_, copies := o.Sync()
	return dropping(o.Name, copies)
}

// dropping are the stages of a constraint that goes.
func dropping(name string, copies bool) Stages {
	if copies {
		return synced("a second column without the constraint "+name, WithData)
	}
	return Stages{Contract: "drop the constraint " + name, Revert: "it was never touched", Locks: []Lock{lockContract}, Reversible: WithData}.whole()
}

// DropMulticolumnConstraint removes a constraint of any number of columns, as
// DropConstraint does, with expressions by column.
type DropMulticolumnConstraint struct {
	Name  string            `yaml:"name"`
	Table string            `yaml:"table"`
	Up    map[string]string `yaml:"up"`
	Down  map[string]string `yaml:"down"`
}

// Kind implements Operation.
func (DropMulticolumnConstraint) Kind() string { return "drop_multicolumn_constraint" }

// Target implements Operation.
func (o DropMulticolumnConstraint) Target() string { return o.Table }

// Validate implements Operation.
func (o DropMulticolumnConstraint) Validate() error {
	return errors.Join(required("name", o.Name), required("table", o.Table))
}

// Sync implements Syncing.
func (o DropMulticolumnConstraint) Sync() (Sync, bool) { return copies(o.Table, o.Up, o.Down) }

// Stages implements Operation.
func (o DropMulticolumnConstraint) Stages() Stages {
	_, copies := o.Sync()
	return dropping(o.Name, copies)
}
