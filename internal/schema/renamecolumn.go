package schema

import "errors"

// RenameColumn gives a column another name. Both names exist, in step, until
// contract.
type RenameColumn struct {
	Table string `yaml:"table"`
	From  string `yaml:"from"`
	To    string `yaml:"to"`
}

// Kind implements Operation.
func (RenameColumn) Kind() string { return "rename_column" }

// Target implements Operation.
func (o RenameColumn) Target() string { return o.Table }

// Validate implements Operation.
func (o RenameColumn) Validate() error {
	errs := []error{required("table", o.Table), required("from", o.From), named("the new column", o.To)}
	if o.From == o.To {
		errs = append(errs, errors.New("both names are the same"))
	}
	return errors.Join(errs...)
}

// Sync implements Syncing.
func (o RenameColumn) Sync() (Sync, bool) {
	return Sync{Table: o.Table,
		New: []NewColumn{{Physical: o.To, Final: o.To, Of: o.From, Up: Quote(o.From), Def: Column{Name: o.To}}},
		Old: []OldColumn{{Name: o.From, Down: Quote(o.To)}}}, true
}

// Stages implements Operation.
func (o RenameColumn) Stages() Stages { return synced("the column "+o.To, WithData) }
