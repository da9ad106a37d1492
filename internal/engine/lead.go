package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
)

// Run leads whenever it can get the lease, until ctx ends. It returns an error
// only for what trying again cannot mend: a journal it cannot read. Anything
// else, such as a full disk, is logged and tried again after a pause.
func (e *Engine) Run(ctx context.Context) error {
	for {
		lease, err := e.acquire(ctx)
		if err != nil {
			return err
		}
		err = e.lead(ctx, lease)
		switch {
		case ctx.Err() != nil:
			return e.yield(lease)
		case fenced(err):
			e.Logger.Warn("another controller has taken over; standing by", "error", err)
		case unreadable(err):
			return errors.Join(err, e.yield(lease))
		default:
			e.Logger.Error("the work was interrupted and is taken up again", "error", err)
		}
		select {
		case <-ctx.Done():
			return e.yield(lease)
		case <-time.After(e.TTL / 5):
		}
	}
}

// unreadable reports whether the journal itself is what stands in the way.
func unreadable(err error) bool {
	var corrupt *store.CorruptError
	var unknown *UnknownEventError
	return errors.As(err, &corrupt) || errors.As(err, &unknown)
}

func fenced(err error) bool {
	return errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrConflict) || errors.Is(err, release.ErrFenced)
}

// acquire waits for the lease. The lease of a controller that is known to have
// ended counts as expired.
func (e *Engine) acquire(ctx context.Context) (store.Lease, error) {
	waiting := false
	for {
		now := e.now()
		lease, err := e.Leases.Acquire(ctx, e.Owner, now, e.TTL)
		var held *store.HeldError
		if errors.As(err, &held) && e.Gone(held.Lease.Owner) {
			lease, err = e.Leases.Acquire(ctx, e.Owner, held.Lease.ExpiresAt.Add(time.Nanosecond), e.TTL)
		}
		if err == nil {
			return lease, nil
		}
		if !errors.As(err, &held) {
			return lease, fmt.Errorf("acquire the lease: %w", err)
		}
		if !waiting {
			e.Logger.Info("standing by", "reason", err.Error())
			waiting = true
		}
		select {
		case <-ctx.Done():
			return lease, ctx.Err()
		case <-time.After(e.TTL / 5):
		}
	}
}

func (e *Engine) yield(lease store.Lease) error {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	return e.Leases.Yield(ctx, lease)
}

// lead works under a lease until ctx ends or the lease is lost. Nothing of it
// still acts when it returns.
func (e *Engine) lead(ctx context.Context, lease store.Lease) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b, err := openBook(ctx, e.Journal)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	e.takeOver(b, lease, func(k *worker) {
		wg.Go(func() {
			if err := k.loop(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	})
	e.Logger.Info("in charge", "generation", lease.Generation, "records", b.head.Seq)
	e.renew(ctx, cancel)
	e.stepDown()
	wg.Wait()
	return context.Cause(ctx)
}

func (e *Engine) takeOver(b *book, lease store.Lease, spawn func(*worker)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.book, e.lease, e.spawn = b, lease, spawn
	e.workers = map[string]*worker{}
	for app := range b.standings {
		e.workerLocked(app)
	}
}

func (e *Engine) stepDown() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.book, e.spawn, e.workers = nil, nil, nil
}

// workerLocked returns the worker of an app and starts one if there is none.
func (e *Engine) workerLocked(app string) *worker {
	k := e.workers[app]
	if k == nil {
		k = newWorker(e, app)
		e.workers[app] = k
		e.spawn(k)
	}
	return k
}

// renew keeps the lease until ctx ends. One that could not be renewed within
// its time is given up before it runs out, so that two never act at once.
func (e *Engine) renew(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(e.TTL / 4)
	defer tick.Stop()
	good := e.now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := e.now()
		lease, err := e.Leases.Renew(ctx, e.held(), now, e.TTL)
		switch {
		case err == nil:
			good = now
			e.mu.Lock()
			e.lease = lease
			e.mu.Unlock()
		case errors.Is(err, store.ErrFenced) || now.Sub(good) > e.TTL*3/4:
			cancel(fmt.Errorf("renew the lease: %w", errors.Join(err, store.ErrFenced)))
			return
		default:
			e.Logger.Warn("the lease could not be renewed yet", "error", err)
		}
	}
}

func (e *Engine) held() store.Lease {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lease
}
