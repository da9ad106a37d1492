package rehearsal

import (
	"context"

	"cutover/internal/backup"
	"cutover/internal/release"
)

// Code is which version's code a check is about.
type Code string

// The two.
const (
	Old Code = "old"
	New Code = "new"
)

// Smoke runs the release's smoke checks of a version with instances that use
// the clone instead of the database in use.
type Smoke interface {
	// Check starts what it needs of the version, puts every check to it, and
	// returns one result a check when all it started is gone again. A check
	// that fails is a result; an error means that nothing can be said. It may
	// be called several times.
	Check(ctx context.Context, code Code, clone backup.Source) ([]release.CheckResult, error)
}
