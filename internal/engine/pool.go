package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/release"
)

// Pools is the PgBouncer between apps and their databases. Every order may be
// repeated.
type Pools interface {
	// Pause makes the clients of the named databases wait and returns when no
	// server connection of these is left. An error, such as that ctx has ended
	// first, says what was in the way; they may wait all the same then.
	Pause(ctx context.Context, order release.PoolOrder) error
	// Resume lets them go on. It returns nil only if PgBouncer was seen to serve
	// them; that they were never made to wait is no error.
	Resume(ctx context.Context, order release.PoolOrder) error
	// Drain returns when no server connection is left that was used for a side
	// that is gone, and says what it found. An error says what is left.
	Drain(ctx context.Context, order release.DrainOrder) (string, error)
	// Reload has PgBouncer read another configuration. If it refuses, the one
	// before is put back.
	Reload(ctx context.Context, order release.PoolFileOrder) error
}

var errNoPools = errors.New("this controller cannot steer PgBouncer")

const (
	// reopenLimit bounds how long an action tries to end its pause before it
	// leaves that to the release, reopenTry one such try.
	reopenLimit = 10 * time.Second
	reopenTry   = 2 * time.Second
	reopenPause = 200 * time.Millisecond
)

func poolOrder(s release.State, stamp release.Stamp, names []string) release.PoolOrder {
	return release.PoolOrder{Stamp: stamp, Release: s.Release, Pooler: s.Plan.Database.Pooler, Databases: names}
}

// whilePaused carries work out while clients of PgBouncer are made to wait. The
// pause ends with the work, with ctx, and after its bound, whichever is first.
// That the action was about to begin is on record: if nobody lives to end the
// pause, the next controller does so before anything else.
func (e *Engine) whilePaused(ctx context.Context, s release.State, a release.Action, stamp release.Stamp, result *release.Finished, work func(context.Context) error) error {
	if !s.Plan.PausesFor(a.Kind) {
		return work(ctx)
	}
	if e.Pools == nil {
		return errNoPools
	}
	order, most := poolOrder(s, stamp, s.Plan.PoolNames()), s.Plan.Database.Pooler.PauseMost
	over := fmt.Errorf("PgBouncer's clients were made to wait for %s, which is the bound, and %s was not done; they go on", release.Span(most), a)
	bounded, cancel := context.WithTimeoutCause(ctx, most, over)
	opened := make(chan error, 1)
	began := time.Now()
	go func() {
		<-bounded.Done()
		opened <- e.reopen(context.WithoutCancel(ctx), order)
	}()
	err := e.Pools.Pause(bounded, order)
	if err == nil {
		err = work(bounded)
	}
	if err != nil && context.Cause(bounded) == over {
		err = fmt.Errorf("%w: %w", over, err)
	}
	cancel()
	left := <-opened
	result.Pool = &release.PoolResult{Open: left == nil, Paused: time.Since(began)}
	if left != nil {
		return errors.Join(err, fmt.Errorf("let PgBouncer's clients go on: %w", left))
	}
	return err
}

// reopen ends a pause, and tries again for a while if that fails.
func (e *Engine) reopen(ctx context.Context, order release.PoolOrder) error {
	ctx, cancel := context.WithTimeout(ctx, reopenLimit)
	defer cancel()
	for {
		one, done := context.WithTimeout(ctx, reopenTry)
		err := e.Pools.Resume(one, order)
		done()
		if err == nil || pass(ctx, reopenPause) != nil {
			return err
		}
	}
}

// steerPool does what concerns nothing but PgBouncer.
func (e *Engine) steerPool(ctx context.Context, s release.State, a release.Action, stamp release.Stamp, result *release.Finished) error {
	if e.Pools == nil {
		return errNoPools
	}
	switch a.Kind {
	case release.ActResumePool:
		return e.Pools.Resume(ctx, poolOrder(s, stamp, s.Plan.PoolNames()))
	case release.ActReloadPool:
		return e.Pools.Reload(ctx, release.PoolFileOrder{PoolOrder: poolOrder(s, stamp, s.Plan.PoolNames()), Back: a.Side != s.Plan.To.Side})
	}
	ctx, cancel := context.WithTimeout(ctx, s.Plan.Database.Pooler.DrainMost)
	defer cancel()
	note, err := e.Pools.Drain(ctx, release.DrainOrder{PoolOrder: poolOrder(s, stamp, s.Plan.PoolNames(a.Side)), Side: a.Side,
		Own: s.Plan.PoolOwn(a.Side), Application: s.Plan.PoolApplication(a.Side)})
	if err == nil {
		result.Pool = &release.PoolResult{Note: note}
	}
	return err
}

// holdsPool reports whether an action under way makes clients of PgBouncer wait
// and will end that.
func (k *worker) holdsPool(p release.Plan) bool {
	for _, r := range k.runs {
		if p.PausesFor(r.action.Kind) {
			return true
		}
	}
	return false
}

// admitPools says why a plan's PgBouncer cannot be steered here.
func admitPools(port Pools, p release.Plan) error {
	if p.Database.Pooler.Used() && port == nil {
		return refuse("%w", errNoPools)
	}
	return nil
}
