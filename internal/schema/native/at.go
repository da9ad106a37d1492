package native

import (
	"context"
	"fmt"
)

// Place is where a database is, seen from a migration.
type Place int

// The places. Between is at one of the migration's Revisions, neither the
// first place nor the last: it was interrupted there.
const (
	Before Place = iota + 1
	After
	Between
)

// At asks where the database is, and returns the revision with it. A revision
// that is not of the migration is ErrHead: nobody knows which version of the
// app fits it.
func (m Migration) At(ctx context.Context, b Budget) (Place, string, error) {
	at, err := m.head(ctx, b)
	switch {
	case err != nil:
		return 0, "", err
	case same(at, m.To):
		return After, at, nil
	case same(at, m.From):
		return Before, at, nil
	case stands(m.Revisions, at) >= 0:
		return Between, at, nil
	}
	return 0, at, fmt.Errorf("%w: it is at %q, neither at %q nor at %q", ErrHead, at, m.From, m.To)
}
