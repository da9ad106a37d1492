package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
	"cutover/internal/store/memory"
)

// hand is all that one controller can reach the world, the journal and the
// lease by. It can be frozen, as by SIGSTOP, and it can die, as by SIGKILL:
// then nothing gets through any more.
type hand struct {
	world *world
	store *memory.Store

	mu     sync.Mutex
	frozen chan struct{} // closed when it thaws
	dead   bool
	// onAppend is asked about each append, counted from 1.
	onAppend func(n int) verdict
	appends  int
	died     func()
	// onLease is asked before each use of the lease.
	onLease func() error
	// refused are the answers that spoke of a newer controller.
	refused []error
}

// verdict is what becomes of an append.
type verdict int

const (
	goesThrough verdict = iota
	fails               // nothing is written
	failsLate           // it is written, but the answer is an error
	diesBefore
	diesAfter
)

var (
	errDead = errors.New("this controller is dead")
	errFull = errors.New("no space left on device")
)

// reach waits while the hand is frozen, whatever ctx says.
func (h *hand) reach() error {
	h.mu.Lock()
	frozen := h.frozen
	h.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead {
		return errDead
	}
	return nil
}

func (h *hand) freeze() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen = make(chan struct{})
}

func (h *hand) thaw() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.frozen)
	h.frozen = nil
}

func (h *hand) die() {
	h.mu.Lock()
	h.dead = true
	h.mu.Unlock()
	h.died()
}

// note remembers answers that spoke of a newer controller.
func (h *hand) note(err error) error {
	if errors.Is(err, release.ErrFenced) || errors.Is(err, store.ErrFenced) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.refused = append(h.refused, err)
	}
	return err
}

type handPlatform struct{ *hand }

func (h handPlatform) Observe(context.Context, string) ([]release.Instance, error) {
	if err := h.reach(); err != nil {
		return nil, err
	}
	return h.world.lookAtInstances()
}

func (h handPlatform) Start(ctx context.Context, o release.StartOrder) error {
	if err := h.reach(); err != nil {
		return err
	}
	return h.note(h.world.start(ctx, o))
}

func (h handPlatform) Stop(ctx context.Context, o release.StopOrder) error {
	if err := h.reach(); err != nil {
		return err
	}
	return h.note(h.world.stop(ctx, o))
}

type handFront struct{ *hand }

func (h handFront) Observe(context.Context, string) (release.Traffic, error) {
	if err := h.reach(); err != nil {
		return release.Traffic{}, err
	}
	return h.world.lookAtTraffic()
}

func (h handFront) Route(ctx context.Context, o release.RouteOrder) error {
	if err := h.reach(); err != nil {
		return err
	}
	return h.note(h.world.direct(ctx, o))
}

func (h handFront) CloseStreams(ctx context.Context, o release.StreamOrder) error {
	if err := h.reach(); err != nil {
		return err
	}
	return h.note(h.world.enter(ctx, "front", order{kind: release.ActCloseStreams, stamp: o.Stamp}))
}

type handChecks struct{ *hand }

func (h handChecks) Run(ctx context.Context, o release.CheckOrder) ([]release.CheckResult, error) {
	if err := h.reach(); err != nil {
		return nil, err
	}
	return h.world.check(ctx, o)
}

// handJournal and handLeases reach the store. What they do not override is
// only read.
type handJournal struct {
	*memory.Store
	hand *hand
}

func (h handJournal) Append(ctx context.Context, l store.Lease, after int64, r []store.Record, s []store.State) (store.Head, error) {
	if err := h.hand.reach(); err != nil {
		return store.Head{}, err
	}
	h.hand.mu.Lock()
	h.hand.appends++
	v := goesThrough
	if h.hand.onAppend != nil {
		v = h.hand.onAppend(h.hand.appends)
	}
	h.hand.mu.Unlock()
	switch v {
	case fails:
		return store.Head{}, errFull
	case diesBefore:
		h.hand.die()
		return store.Head{}, errDead
	}
	head, err := h.Store.Append(ctx, l, after, r, s)
	switch v {
	case failsLate:
		return store.Head{}, errFull
	case diesAfter:
		h.hand.die()
		return store.Head{}, errDead
	}
	return head, h.hand.note(err)
}

type handLeases struct{ *hand }

func (h handLeases) use() error {
	if err := h.reach(); err != nil {
		return err
	}
	h.mu.Lock()
	ask := h.onLease
	h.mu.Unlock()
	if ask != nil {
		return ask()
	}
	return nil
}

func (h handLeases) Acquire(ctx context.Context, owner string, now time.Time, ttl time.Duration) (store.Lease, error) {
	if err := h.use(); err != nil {
		return store.Lease{}, err
	}
	return h.store.Acquire(ctx, owner, now, ttl)
}

func (h handLeases) Renew(ctx context.Context, l store.Lease, now time.Time, ttl time.Duration) (store.Lease, error) {
	if err := h.use(); err != nil {
		return store.Lease{}, err
	}
	got, err := h.store.Renew(ctx, l, now, ttl)
	return got, h.note(err)
}

func (h handLeases) Yield(ctx context.Context, l store.Lease) error {
	if err := h.use(); err != nil {
		return err
	}
	return h.store.Yield(ctx, l)
}

var (
	_ Platform      = handPlatform{}
	_ Traffic       = handFront{}
	_ Checks        = handChecks{}
	_ store.Journal = handJournal{}
	_ store.Leases  = handLeases{}
)
