package schema

import (
	"errors"
	"fmt"
)

// Split turns one column into several. Each part has an `up` over the old
// shape; Down makes the old column from the parts.
type Split struct {
	Table  string `yaml:"table"`
	Column string `yaml:"column"`
	Into   []Part `yaml:"into"`
	Down   string `yaml:"down"`
}

// Part is a column with the expression that fills it.
type Part struct {
	Column Column `yaml:"column"`
	Up     string `yaml:"up"`
}

// Kind implements Operation.
func (Split) Kind() string { return "split" }

// Target implements Operation.
func (o Split) Target() string { return o.Table }

// Validate implements Operation.
func (o Split) Validate() error {
	errs := []error{required("table", o.Table), required("column", o.Column), required("`down`, which makes "+o.Column+" from its parts", o.Down)}
	if len(o.Into) < 2 {
		errs = append(errs, errors.New("a column is split into two parts or more; for one, use alter_column or rename_column"))
	}
	for _, part := range o.Into {
		errs = append(errs, part.Column.validate(), required(fmt.Sprintf("`up` for %s", part.Column.Name), part.Up))
	}
	return errors.Join(errs...)
}

// Sync implements Syncing.
func (o Split) Sync() (Sync, bool) {
	s := Sync{Table: o.Table, Old: []OldColumn{{Name: o.Column, Down: o.Down}}}
	for _, part := range o.Into {
		s.New = append(s.New, newColumn(part.Column, part.Up))
	}
	return s, true
}

// Stages implements Operation.
func (o Split) Stages() Stages { return synced("the parts of "+o.Column, WithData) }
