package driver

import (
	"context"
	"fmt"

	"cutover/internal/schema/native"
)

// refereed runs a migration with the referee beside it. Whether it could watch
// to the end is told only if the migration failed: one that ended well has let
// nobody down.
func (m migrated) refereed(ctx context.Context, run func(context.Context, native.Budget) (native.Report, error)) error {
	if m.referee == nil {
		_, err := run(ctx, m.budget)
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		cancelled int
		err       error
	}
	seen := make(chan outcome, 1)
	go func() {
		n, err := m.referee.Watch(watching)
		seen <- outcome{n, err}
	}()
	_, err := run(ctx, m.budget)
	stop()
	switch o := <-seen; {
	case err == nil:
		return nil
	case o.err != nil:
		return fmt.Errorf("%w; besides, %w", err, o.err)
	case o.cancelled > 0:
		return fmt.Errorf("%w: it gave way %d times where it and users waited for each other: %w", native.ErrLockBudget, o.cancelled, err)
	}
	return err
}
