package schema

import "errors"

// DropColumn removes a column new code no longer knows. Down fills it for
// rows new code inserts.
type DropColumn struct {
	Table  string `yaml:"table"`
	Column string `yaml:"column"`
	Down   string `yaml:"down"`
}

// Kind implements Operation.
func (DropColumn) Kind() string { return "drop_column" }

// Target implements Operation.
func (o DropColumn) Target() string { return o.Table }

// Validate implements Operation.
func (o DropColumn) Validate() error {
	return errors.Join(required("table", o.Table), required("column", o.Column))
}

// Sync implements Syncing.
func (o DropColumn) Sync() (Sync, bool) {
	return Sync{Table: o.Table, Old: []OldColumn{{Name: o.Column, Down: o.Down}}}, true
}

// Stages implements Operation.
func (o DropColumn) Stages() Stages {
	return Stages{
		Expand: "fill the column by `down` in rows that are inserted without it",
		Sync:   "rows of new code get the value of `down`", Verify: "nothing has to be filled",
		Contract: "remove the column " + o.Column, Revert: "stop filling it",
		Locks: []Lock{{"expand", "SHARE ROW EXCLUSIVE", "writers, for the moment of a catalogue change"}, lockContract}, Reversible: WithData,
	}.whole()
}
