package engine

import (
	"context"
	"sync"
	"time"

	"cutover/internal/release"
)

// pool is a PgBouncer in memory.
type pool struct {
	mu     sync.Mutex
	paused bool
	since  time.Time
	// longest is the longest that clients had to wait.
	longest time.Duration
	// away has it not answer, busy keeps a pause from coming about.
	away, busy bool
	drained    []release.Side
	filed      bool
	// refuses says why it does not take a configuration.
	refuses error
}

func (p *pool) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// waits reports whether clients wait, and for how long at most they have.
func (p *pool) waits() (now bool, longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused {
		return true, max(p.longest, time.Since(p.since))
	}
	return false, p.longest
}

// handPools is the way of one controller to PgBouncer.
type handPools struct{ *hand }

var _ Pools = handPools{}

func (h handPools) ask() error {
	if err := h.reach(); err != nil {
		return err
	}
	p := &h.world.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return errDown
	}
	return nil
}

func (h handPools) Pause(ctx context.Context, _ release.PoolOrder) error {
	if err := h.ask(); err != nil {
		return err
	}
	p := &h.world.pool
	h.world.database.called("pause")
	busy := false
	p.change(func() {
		if busy = p.busy; !p.paused {
			p.paused, p.since = true, time.Now()
		}
	})
	if busy {
		<-ctx.Done()
		return ctx.Err()
	}
	return pass(ctx, 20*time.Millisecond)
}

func (h handPools) Resume(context.Context, release.PoolOrder) error {
	if err := h.ask(); err != nil {
		return err
	}
	p := &h.world.pool
	h.world.database.called("resume")
	p.change(func() {
		if p.paused {
			p.paused, p.longest = false, max(p.longest, time.Since(p.since))
		}
	})
	return nil
}

func (h handPools) Drain(_ context.Context, o release.DrainOrder) (string, error) {
	if err := h.ask(); err != nil {
		return "", err
	}
	h.world.pool.change(func() { h.world.pool.drained = append(h.world.pool.drained, o.Side) })
	h.world.database.called("drain %s", o.Side)
	return "3 server connections replaced", nil
}

func (h handPools) Reload(_ context.Context, o release.PoolFileOrder) error {
	if err := h.ask(); err != nil {
		return err
	}
	p := &h.world.pool
	h.world.database.called("reload, back %v", o.Back)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuses != nil && !o.Back {
		return p.refuses
	}
	p.filed = !o.Back
	return nil
}
