package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/store"
)

// watch keeps one lease. A timer that every renewal puts off ends the lead
// before the lease runs out, even while a renewal hangs, so that two
// controllers never act at once as long as both their processes run.
type watch struct {
	engine *Engine
	lease  store.Lease
	cancel context.CancelCauseFunc
	ends   *time.Timer
}

// guard renews a lease, so that its time counts from now on, and sets the
// timer that ends the lead by cancel.
func (e *Engine) guard(ctx context.Context, lease store.Lease, cancel context.CancelCauseFunc) (*watch, error) {
	k := &watch{engine: e, lease: lease, cancel: cancel}
	k.ends = time.AfterFunc(k.safe(), func() {
		cancel(fmt.Errorf("renew the lease: it was not possible in time: %w", store.ErrFenced))
	})
	if err := k.extend(ctx); err != nil {
		k.stop()
		return nil, fmt.Errorf("renew the lease: %w", err)
	}
	return k, nil
}

// safe is how long after the last renewal the lease is sure to be held.
func (k *watch) safe() time.Duration { return k.engine.TTL * 3 / 4 }

func (k *watch) stop() { k.ends.Stop() }

// renew keeps the lease until ctx ends, by itself or because the lease is lost.
func (k *watch) renew(ctx context.Context) {
	tick := time.NewTicker(k.engine.TTL / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch err := k.extend(ctx); {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, store.ErrFenced):
			k.cancel(fmt.Errorf("renew the lease: %w", err))
		default:
			k.engine.Logger.Warn("the lease could not be renewed yet", "error", err)
		}
	}
}

// extend renews the lease once and puts the timer off, counted from before the
// renewal was asked for.
func (k *watch) extend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.engine.TTL/2)
	defer cancel()
	began := time.Now()
	lease, err := k.engine.Leases.Renew(ctx, k.lease, k.engine.now(), k.engine.TTL)
	if err != nil {
		return err
	}
	k.lease = lease
	k.ends.Reset(k.safe() - time.Since(began))
	return nil
}
