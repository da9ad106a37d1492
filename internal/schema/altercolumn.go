package schema

import (
	"errors"
	"fmt"
)

// AlterColumn changes what a column is: type, nullability, constraints,
// default and comment, any of them together. A second column holds the new
// shape until contract. New code reaches it under the old name through the
// views of the schema Shim names, or, with As, under a name of its own, which
// it keeps.
type AlterColumn struct {
	Table      string      `yaml:"table"`
	Column     string      `yaml:"column"`
	As         string      `yaml:"as"`
	Type       string      `yaml:"type"`
	Nullable   *bool       `yaml:"nullable"`
	Check      *Check      `yaml:"check"`
	Unique     *Unique     `yaml:"unique"`
	References *References `yaml:"references"`
	Default    *Setting    `yaml:"default"`
	Comment    *Setting    `yaml:"comment"`
	Up         string      `yaml:"up"`
	Down       string      `yaml:"down"`
}

// Kind implements Operation.
func (AlterColumn) Kind() string { return "alter_column" }

// Target implements Operation.
func (o AlterColumn) Target() string { return o.Table }

// Validate implements Operation.
func (o AlterColumn) Validate() error {
	errs := []error{required("table", o.Table), required("column", o.Column)}
	if o.Type == "" && o.Nullable == nil && o.Check == nil && o.Unique == nil && o.References == nil && o.Default == nil && o.Comment == nil {
		errs = append(errs, errors.New("nothing is altered; to rename a column, use rename_column"))
	}
	if o.As != "" {
		errs = append(errs, named("the new column", o.As))
	}
	if o.As == o.Column && o.As != "" {
		errs = append(errs, fmt.Errorf("`as` is the name the column has already, %s; leave it out", o.As))
	}
	if o.Check != nil {
		errs = append(errs, o.Check.validate())
	}
	if o.Unique != nil {
		errs = append(errs, named("the unique constraint", o.Unique.Name))
	}
	if o.References != nil {
		errs = append(errs, o.References.validate())
	}
	if o.narrows() && o.Up == "" {
		errs = append(errs, errors.New("the new shape does not take every value of the old one: give an `up` that makes one it takes"))
	}
	return errors.Join(errs...)
}

// narrows reports whether the new shape may refuse what the old one holds.
func (o AlterColumn) narrows() bool {
	return o.Type != "" || o.Nullable != nil && !*o.Nullable || o.Check != nil
}

// commentOnly reports whether only words change.
func (o AlterColumn) commentOnly() bool {
	return o.Comment != nil && o.Type == "" && o.Nullable == nil && o.Check == nil && o.Unique == nil && o.References == nil && o.Default == nil
}

// Sync implements Syncing.
func (o AlterColumn) Sync() (Sync, bool) {
	up, down := o.Up, o.Down
	physical, final := Name("cutover_new", o.Column), o.Column
	if o.As != "" {
		physical, final = o.As, o.As
	}
	if up == "" {
		up = Quote(o.Column)
	}
	if down == "" {
		down = Quote(final)
	}
	n := NewColumn{Physical: physical, Final: final, Of: o.Column, Up: up,
		Def:      Column{Name: final, Type: o.Type, Check: o.Check, References: o.References},
		Nullable: o.Nullable, Default: o.Default, Comment: o.Comment}
	if o.Unique != nil {
		n.Def.Unique = true
	}
	return Sync{Table: o.Table, New: []NewColumn{n}, Old: []OldColumn{{Name: o.Column, Down: down}}, Shim: o.As == ""}, !o.commentOnly()
}

// UniqueName returns the name of the unique constraint, or "".
func (o AlterColumn) UniqueName() string {
	if o.Unique == nil {
		return ""
	}
	return o.Unique.Name
}

// Stages implements Operation.
func (o AlterColumn) Stages() Stages {
	if o.commentOnly() {
		return Stages{Contract: "write the comment", Locks: []Lock{{"contract", "SHARE UPDATE EXCLUSIVE", "nothing but other changes of the schema"}}, Reversible: WithData}.whole()
	}
	return synced("a second column for "+o.Column, WithData)
}
