package rehearsal

import (
	"context"

	"cutover/internal/backup"
)

// Step is one part of what a release would run, here on the clone.
type Step struct {
	Name string
	// Alone says that old code is gone for good when the step runs, as for
	// contract: what it takes away does not count against the change.
	Alone bool
	// Back says that the step takes back what the others did: the proofs are
	// made before it, and afterwards everything has to be as it was.
	Back bool
	// Run does it and returns what it said. It ends soon after its ctx, and
	// leaves no connection to the clone behind.
	Run func(ctx context.Context, clone backup.Source) (said string, err error)
}

// Stages carries out a declarative change on one database. An engine of
// schema changes does; each method may be called once, in this order.
type Stages interface {
	// Expand adds the new shape beside the old one.
	Expand(ctx context.Context) error
	// Backfill fills and verifies it. Old and new code fit from here.
	Backfill(ctx context.Context) error
	// Contract removes the old shape.
	Contract(ctx context.Context) error
}

// Declarative returns the steps of a declarative change. On makes its stages
// for the clone's address, secrets included.
func Declarative(on func(dsn string) (Stages, error)) []Step {
	step := func(name string, alone bool, run func(Stages, context.Context) error) Step {
		return Step{Name: name, Alone: alone, Run: func(ctx context.Context, clone backup.Source) (string, error) {
			dsn, err := clone.DSN()
			if err != nil {
				return "", err
			}
			s, err := on(dsn)
			if err != nil {
				return "", err
			}
			return "", run(s, ctx)
		}}
	}
	return []Step{step("expand", false, Stages.Expand), step("backfill", false, Stages.Backfill), step("contract", true, Stages.Contract)}
}
