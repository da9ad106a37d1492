package schema

import (
	"errors"
	"fmt"
	"slices"
)

// CreateIndex makes an index, concurrently and after everything is filled.
type CreateIndex struct {
	Name              string        `yaml:"name"`
	Table             string        `yaml:"table"`
	Columns           []IndexColumn `yaml:"columns"`
	Method            string        `yaml:"method"`
	Unique            bool          `yaml:"unique"`
	Predicate         string        `yaml:"predicate"`
	StorageParameters string        `yaml:"storage_parameters"`
}

// IndexColumn is one column of an index.
type IndexColumn struct {
	Column  string  `yaml:"column"`
	Collate string  `yaml:"collate"`
	Opclass Opclass `yaml:"opclass"`
	// Sort is ASC or DESC, Nulls is FIRST or LAST; empty is PostgreSQL's own.
	Sort  string `yaml:"sort"`
	Nulls string `yaml:"nulls"`
}

// Opclass is an operator class with its parameters, such as "siglen=32"; the
// zero value is the type's own class.
type Opclass struct {
	Name   string   `yaml:"name"`
	Params []string `yaml:"params"`
}

// UnmarshalYAML reads a class from its name alone, or from a name with
// parameters.
func (c *Opclass) UnmarshalYAML(read func(any) error) error {
	if read(&c.Name) == nil {
		return nil
	}
	type written Opclass
	return read((*written)(c))
}

// Kind implements Operation.
func (CreateIndex) Kind() string { return "create_index" }

// Target implements Operation.
func (o CreateIndex) Target() string { return o.Table }

// Validate implements Operation.
func (o CreateIndex) Validate() error {
	errs := []error{named("the index", o.Name), required("table", o.Table)}
	if len(o.Columns) == 0 {
		errs = append(errs, errors.New("the index has no columns"))
	}
	if !slices.Contains([]string{"", "btree", "hash", "gist", "spgist", "gin", "brin"}, o.Method) {
		errs = append(errs, fmt.Errorf("%q is no method; write btree, hash, gist, spgist, gin or brin", o.Method))
	}
	for _, c := range o.Columns {
		if c.Column == "" {
			errs = append(errs, errors.New("a column of the index has no name"))
		}
		if c.Opclass.Name == "" && len(c.Opclass.Params) > 0 {
			errs = append(errs, fmt.Errorf("column %s: the operator class has parameters, but no name", c.Column))
		}
		if !slices.Contains([]string{"", "ASC", "DESC"}, c.Sort) || !slices.Contains([]string{"", "FIRST", "LAST"}, c.Nulls) {
			errs = append(errs, fmt.Errorf("column %s: sort is ASC or DESC, nulls is FIRST or LAST", c.Column))
		}
	}
	return errors.Join(errs...)
}

// Stages implements Operation.
func (o CreateIndex) Stages() Stages {
	return Stages{Backfill: "build the index concurrently", Revert: "drop it concurrently", Locks: []Lock{lockIndex}, Reversible: WithData}.whole()
}

// DropIndex removes an index, concurrently, before anything else of contract.
type DropIndex struct {
	Name string `yaml:"name"`
}

// Kind implements Operation.
func (DropIndex) Kind() string { return "drop_index" }

// Target implements Operation.
func (DropIndex) Target() string { return "" }

// Validate implements Operation.
func (o DropIndex) Validate() error { return required("name", o.Name) }

// Stages implements Operation.
func (o DropIndex) Stages() Stages {
	return Stages{Contract: "drop the index concurrently, first of all", Revert: "it was never touched",
		Locks: []Lock{{"contract", "SHARE UPDATE EXCLUSIVE", "nothing but other changes of the schema"}}, Reversible: WithData}.whole()
}
