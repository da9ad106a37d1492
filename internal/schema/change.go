package schema

import (
	"errors"
	"fmt"
)

// Change is what one release does to the schema, in order.
type Change struct {
	// Name identifies the change in the database and names what is created
	// for the time of the change.
	Name string
	// VersionSchema names the schema of the views through which new code
	// reaches altered columns under their own names; empty is one made from
	// Name.
	VersionSchema string
	Operations    []Operation
}

// Operation is one step of a change.
type Operation interface {
	// Kind is the operation's name in a file, such as "add_column".
	Kind() string
	// Target is the table concerned; for raw SQL it is empty.
	Target() string
	// Validate reports everything that is wrong with the operation by itself.
	Validate() error
	// Stages says in words what it does, which locks that takes, and whether
	// it can be taken back with its data.
	Stages() Stages
}

// Syncing is an operation that keeps columns of two shapes in step.
type Syncing interface {
	Operation
	// Sync returns which columns; false means that nothing needs it here.
	Sync() (Sync, bool)
}

// Validate reports everything that is wrong with the change by itself: what
// follows from the database is found by an engine's check.
func (c Change) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, errors.New("the change has no name; give it one that no other change has"))
	}
	if len(c.Operations) == 0 {
		errs = append(errs, errors.New("the change has no operations; remove it from the release, or list them"))
	}
	if c.VersionSchema != "" {
		errs = append(errs, named("the version's schema", c.VersionSchema))
	}
	taken := map[string]int{}
	for i, op := range c.Operations {
		if err := op.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("operation %d, %s: %w", i+1, op.Kind(), err))
			continue
		}
		s, ok := syncOf(op)
		if !ok {
			continue
		}
		for _, old := range s.Old {
			if old.Name == "" {
				continue // only the database knows it
			}
			key := s.Table + "." + old.Name
			if first, dup := taken[key]; dup {
				errs = append(errs, fmt.Errorf("operation %d, %s: the column %s is changed by operation %d already; join both into one", i+1, op.Kind(), key, first))
			}
			taken[key] = i + 1
		}
	}
	return errors.Join(errs...)
}

// syncOf returns the columns an operation keeps in step, if any.
func syncOf(op Operation) (Sync, bool) {
	if s, ok := op.(Syncing); ok {
		return s.Sync()
	}
	return Sync{}, false
}
