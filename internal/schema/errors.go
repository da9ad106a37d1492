package schema

import "errors"

// The refusals of every engine that a caller may want to tell apart.
var (
	// ErrRefused means that the change does not fit this database; nothing
	// was created.
	ErrRefused = errors.New("the schema change is refused")
	// ErrNotVerified means that contract would destroy what no verification
	// has covered.
	ErrNotVerified = errors.New("not verified")
	// ErrBusy means that users hold what is needed; trying later may help.
	ErrBusy = errors.New("the database is busy")
	// ErrContracted means that the old shape is gone.
	ErrContracted = errors.New("the old shape is gone")
)
