package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CopyColumn adds a column to one table and fills it from a column of another,
// which a foreign key joins it to. With Down both are kept in step until
// contract; without, only the old one is followed, and what new code writes to
// the copy stays there until old code writes again. The old column stays after
// contract; drop_column in the same change removes it.
type CopyColumn struct {
	From ColumnOf `yaml:"from"`
	To   NewIn    `yaml:"to"`
	// On is the foreign key: by column of To's table, the column of From's.
	On map[string]string `yaml:"on"`
	// Up is an expression over From's row; empty is the column itself. Down
	// is one over To's row.
	Up   string `yaml:"up"`
	Down string `yaml:"down"`
}

// ColumnOf names a column of a table.
type ColumnOf struct {
	Table  string `yaml:"table"`
	Column string `yaml:"column"`
}

// NewIn is a column that a table is to have.
type NewIn struct {
	Table  string `yaml:"table"`
	Column Column `yaml:"column"`
}

// Kind implements Operation.
func (CopyColumn) Kind() string { return "copy_column" }

// Target implements Operation.
func (o CopyColumn) Target() string { return o.To.Table }

// Validate implements Operation.
func (o CopyColumn) Validate() error {
	errs := []error{required("table to copy from", o.From.Table), required("column to copy", o.From.Column), required("table to copy to", o.To.Table), o.To.Column.validate()}
	if len(o.On) == 0 {
		errs = append(errs, fmt.Errorf("there is no `on`; give the foreign key of %s to %s, such as {user_id: id}", o.To.Table, o.From.Table))
	}
	if o.From.Table == o.To.Table {
		errs = append(errs, errors.New("both columns are in one table; use add_column with `up`, split or merge"))
	}
	if o.To.Column.Pk || o.To.Column.Generated != nil {
		errs = append(errs, errors.New("a copy is neither generated nor part of a primary key"))
	}
	return errors.Join(errs...)
}

// Sync implements Syncing.
func (o CopyColumn) Sync() (Sync, bool) {
	up := o.Up
	if up == "" {
		up = Quote(o.From.Column)
	}
	from, to := Quote(o.From.Table), Quote(o.To.Table)
	var joined []string
	for _, key := range slices.Sorted(maps.Keys(o.On)) {
		joined = append(joined, from+"."+Quote(o.On[key])+" = "+to+"."+Quote(key))
	}
	value := fmt.Sprintf("(SELECT (%s\n) FROM %s WHERE %s", up, from, strings.Join(joined, " AND "))
	n := newColumn(o.To.Column, value+")")
	// A writer of the source waits until what is written here can be seen by
	// it, and the other way round: neither overlooks the other.
	n.Locking = value + " FOR SHARE)"
	return Sync{Table: o.To.Table, New: []NewColumn{n},
		Source: &Source{Table: o.From.Table, Column: o.From.Column, On: o.On, Up: up, Down: o.Down}}, true
}

// Stages implements Operation.
func (o CopyColumn) Stages() Stages {
	s := synced("the column "+o.To.Column.Name, WithData)
	s.Expand = "add the column " + o.To.Column.Name + ", without any constraint, and triggers on both tables"
	s.Sync = "the table whose column a statement changes fills the other one's; two writers of the same value at once may meet in a deadlock, which one of them has to repeat"
	s.Verify = "no row that differs from its source in both directions"
	s.Contract = "remove the triggers; the source stays unless it is dropped"
	s.Revert = "remove the triggers and the column; the source has what was written to either"
	s.Locks = append(s.Locks, Lock{"expand", "SHARE ROW EXCLUSIVE on " + o.From.Table, "writers, for the moment of a catalogue change"})
	if o.Down == "" {
		s.Sync = "what is written to " + o.From.Table + " is copied; without `down`, what new code writes to the copy is not carried back, and goes when old code writes again"
		s.Verify = "no row without a value whose source has one"
		s.Revert = "remove the triggers and the column; what only the copy holds is lost"
		s.Reversible = ShapeOnly
	}
	return s
}
