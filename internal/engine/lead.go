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
// It gives the lease up before it returns.
func (e *Engine) Run(ctx context.Context) error {
	if e.Owner == "" {
		return errors.New("run the engine: it needs the name of its owner")
	}
	var lease store.Lease
	for {
		got, err := e.acquire(ctx)
		if err == nil {
			lease = got
			err = e.lead(ctx, lease)
		}
		switch {
		case ctx.Err() != nil:
			return e.yield(lease)
		case unreadable(err):
			return errors.Join(err, e.yield(lease))
		case fenced(err):
			e.Logger.Warn("the lease or the journal has moved on; both are looked at again", "error", err)
		default:
			e.Logger.Error("the work was interrupted and is taken up again", "error", err)
		}
		if pass(ctx, e.TTL/5) != nil {
			return e.yield(lease)
		}
	}
}

// unreadable reports whether the journal itself is what stands in the way.
func unreadable(err error) bool {
	var corrupt *store.CorruptError
	var foreign *UnreadableError
	return errors.As(err, &corrupt) || errors.As(err, &foreign)
}

func fenced(err error) bool {
	return errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrConflict) || errors.Is(err, release.ErrFenced)
}

// acquire waits for the lease. The lease of a controller that is known to have
// ended counts as expired, and so does one that nobody has renewed for longer
// than it lasts, whatever the clocks say.
func (e *Engine) acquire(ctx context.Context) (store.Lease, error) {
	waiting := false
	var idle idleness
	for {
		now := e.now()
		lease, err := e.Leases.Acquire(ctx, e.Owner, now, e.TTL)
		var held *store.HeldError
		if errors.As(err, &held) && (e.Gone(held.Lease.Owner) || idle.lasts(held.Lease, e.TTL)) {
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
		if err := pass(ctx, e.TTL/5); err != nil {
			return lease, err
		}
	}
}

// yield gives up the lease, if there is one.
func (e *Engine) yield(lease store.Lease) error {
	if lease.Owner == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	if err := e.Leases.Yield(ctx, lease); err != nil {
		return fmt.Errorf("give up the lease: %w", err)
	}
	return nil
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
	watch, err := e.guard(ctx, lease, cancel)
	if err != nil {
		return err
	}
	defer watch.stop()
	e.Logger.Info("in charge", "generation", lease.Generation, "records", b.head.Seq)
	var wg sync.WaitGroup
	e.takeOver(b, lease, cancel, func(k *worker) {
		wg.Go(func() {
			if err := k.loop(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	})
	watch.renew(ctx)
	e.stepDown()
	wg.Wait()
	return context.Cause(ctx)
}

func (e *Engine) takeOver(b *book, lease store.Lease, interrupt context.CancelCauseFunc, spawn func(*worker)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.book, e.lease, e.interrupt, e.spawn = b, lease, interrupt, spawn
	e.workers = map[string]*worker{}
	for app := range b.standings {
		e.workerLocked(app)
	}
	e.announceLocked()
}

func (e *Engine) stepDown() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.book, e.interrupt, e.spawn, e.workers = nil, nil, nil, nil
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
