package native

import (
	"context"
	"fmt"
)

// Place is where a database is, seen from a migration.
type Place int

// The places.
const (
	Before Place = iota + 1
	After
)

// At asks where the database is. A revision that is neither From nor To is
// ErrHead: nobody knows which version of the app fits it.
func (m Migration) At(ctx context.Context, b Budget) (Place, error) {
	at, err := m.head(ctx, b)
	switch {
	case err != nil:
		return 0, err
	case same(at, m.To):
		return After, nil
	case same(at, m.From):
		return Before, nil
	}
	return 0, fmt.Errorf("%w: it is at %q, neither at %q nor at %q", ErrHead, at, m.From, m.To)
}
