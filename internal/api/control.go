package api

import (
	"context"

	"cutover/internal/engine"
	"cutover/internal/release"
)

// Reader is what the API shows.
type Reader interface {
	// View returns one release as it stands, or false if there is none.
	View(name string) (engine.View, bool)
	// Releases returns every release, oldest first.
	Releases() []release.State
	// Standings returns what stands of each app, by name.
	Standings() []release.Standing
	// Leading reports whether this controller is in charge.
	Leading() (generation uint64, leading bool)
	// Changed returns a channel that is closed at the next journal record.
	Changed() <-chan struct{}
}

// Writer is what the API can ask for. Each request is recorded before it has
// any effect; one that makes no sense now returns engine.ErrRefused.
type Writer interface {
	Deploy(ctx context.Context, p release.Plan, who string) (resumed bool, err error)
	Request(ctx context.Context, name string, verb release.Verb, who, reason string) error
	Allow(ctx context.Context, app, version, who, reason string) error
	Switch(ctx context.Context, app string, ask release.Switched, who string) (changed bool, err error)
}

// Planner makes plans from files. It changes nothing but its own snapshots.
type Planner interface {
	// Plan returns the plan of the release in the files, for what stands now.
	// The error holds the place and the cure where the files are at fault.
	Plan(ctx context.Context, files Files) (release.Plan, error)
	// Draft returns the same plan without looking whether it could begin.
	Draft(ctx context.Context, files Files) (release.Plan, error)
}

// Trail reads the journal.
type Trail interface {
	// Lines returns the records after seq, at most limit (0: all) of them, of
	// one app or release where named.
	Lines(ctx context.Context, after int64, app, name string, limit int) ([]Line, error)
}
