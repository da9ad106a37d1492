package schema

import (
	"errors"
	"fmt"
)

// Column says what a column is to be.
type Column struct {
	Name     string `yaml:"name"`
	Type     string `yaml:"type"`
	Nullable bool   `yaml:"nullable"`
	// Default is an expression; nil is none.
	Default    *string     `yaml:"default"`
	Pk         bool        `yaml:"pk"`
	Unique     bool        `yaml:"unique"`
	Check      *Check      `yaml:"check"`
	References *References `yaml:"references"`
	Comment    *string     `yaml:"comment"`
}

// Check is a check constraint on a column.
type Check struct {
	Name       string `yaml:"name"`
	Constraint string `yaml:"constraint"`
	NoInherit  bool   `yaml:"no_inherit"`
}

// Unique is a unique constraint on a column.
type Unique struct {
	Name string `yaml:"name"`
}

// References is a foreign key on a column.
type References struct {
	Name     string `yaml:"name"`
	Table    string `yaml:"table"`
	Column   string `yaml:"column"`
	OnDelete string `yaml:"on_delete"`
	OnUpdate string `yaml:"on_update"`
}

func (c Column) validate() error {
	var errs []error
	errs = append(errs, named("the column", c.Name))
	if c.Type == "" {
		errs = append(errs, fmt.Errorf("the column %s has no type", c.Name))
	}
	if c.Check != nil {
		errs = append(errs, c.Check.validate())
	}
	if c.References != nil {
		errs = append(errs, c.References.validate())
	}
	return errors.Join(errs...)
}

func (c Check) validate() error {
	if c.Constraint == "" {
		return fmt.Errorf("the check %s has no constraint", c.Name)
	}
	return named("the check", c.Name)
}

func (r References) validate() error {
	return errors.Join(named("the foreign key", r.Name), named("the table it references", r.Table), named("the column it references", r.Column), action(r.OnDelete), action(r.OnUpdate))
}

// action checks what happens when a referenced row goes.
func action(word string) error {
	switch word {
	case "", "NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT":
		return nil
	}
	return fmt.Errorf("%q is no action of a foreign key; write NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT", word)
}

// named checks a name a person has chosen.
func named(what, name string) error {
	if name == "" {
		return fmt.Errorf("%s has no name", what)
	}
	if len(name) > longest {
		return fmt.Errorf("the name of %s, %s, has %d bytes; PostgreSQL keeps %d", what, name, len(name), longest)
	}
	return nil
}

// required checks that something needed was written.
func required(what, value string) error {
	if value == "" {
		return fmt.Errorf("there is no %s", what)
	}
	return nil
}
