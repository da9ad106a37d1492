package driver

import (
	"context"
	"errors"
	"fmt"

	"cutover/internal/release"
	"cutover/internal/schema"
)

// verifier reads every row that has two shapes.
type verifier interface {
	Verify(ctx context.Context, c schema.Change) (tables []string, err error)
}

// Verify reads every row that the change gives two shapes and returns the
// tables it read, or an error that says how many rows differ. It changes
// nothing.
func (d *Driver) Verify(ctx context.Context, o release.SchemaOrder) ([]string, error) {
	s, err := d.stages(o, nil)
	if err != nil {
		return nil, fmt.Errorf("verify the schema: %w", err)
	}
	change, ok := s.(online)
	if !ok {
		return nil, errors.New("verify the schema: the app's own migrations changed it, and only the app knows what is right")
	}
	on, ok := change.on.(verifier)
	if !ok {
		return nil, fmt.Errorf("verify the schema: a database of type %s cannot be verified again", o.Database.Driver)
	}
	tables, err := on.Verify(ctx, change.change)
	if err != nil {
		return tables, fmt.Errorf("verify the schema: %w", err)
	}
	return tables, nil
}
