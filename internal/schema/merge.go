package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Merge makes one column of several. Up makes it from the old ones, and Down
// has an expression over the new shape for each of these.
type Merge struct {
	Table   string            `yaml:"table"`
	Columns []string          `yaml:"columns"`
	Into    Column            `yaml:"into"`
	Up      string            `yaml:"up"`
	Down    map[string]string `yaml:"down"`
}

// Kind implements Operation.
func (Merge) Kind() string { return "merge" }

// Target implements Operation.
func (o Merge) Target() string { return o.Table }

// Validate implements Operation.
func (o Merge) Validate() error {
	errs := []error{required("table", o.Table), o.Into.validate(), required("`up`", o.Up)}
	if len(o.Columns) < 2 {
		errs = append(errs, errors.New("two columns or more are merged; for one, use alter_column or rename_column"))
	}
	for _, name := range o.Columns {
		errs = append(errs, required(fmt.Sprintf("`down` for %s", name), o.Down[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Down)) {
		if !slices.Contains(o.Columns, name) {
			errs = append(errs, fmt.Errorf("`down` names %s, which is not merged", name))
		}
	}
	return errors.Join(errs...)
}

// Sync implements Syncing.
func (o Merge) Sync() (Sync, bool) {
	s := Sync{Table: o.Table, New: []NewColumn{newColumn(o.Into, o.Up)}}
	for _, name := range o.Columns {
		s.Old = append(s.Old, OldColumn{Name: name, Down: o.Down[name]})
	}
	return s, true
}

// Stages implements Operation.
func (o Merge) Stages() Stages { return synced("the column "+o.Into.Name, WithData) }
