// Package engine carries releases out: it observes the world through its
// ports, lets the pure core decide, records every intent before it acts and
// every result after, and never trusts a record where it can look instead.
// See DESIGN.md.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
)

// actor is the name under which the engine's own events are recorded.
const actor = "engine"

// Config is what an engine is made of.
type Config struct {
	Platform Platform
	Traffic  Traffic
	Checks   Checks
	// Schema, Backups, Rehearsals, Signals, Synthetic, Cache and Pools may be nil:
	// releases that need them are refused.
	Schema     Schema
	Backups    Backups
	Rehearsals Rehearsals
	Signals    Signals
	Synthetic  Synthetic
	Cache      Cache
	Pools      Pools
	// Flags may be nil too: plans that declare flags are refused.
	Flags   Flags
	Journal store.Journal
	Leases  store.Leases
	// Owner names this controller uniquely among all that ever ran.
	Owner string
	// TTL is how long the lease lasts without being renewed.
	TTL time.Duration
	// Gone reports whether the controller that holds the lease is known to
	// have ended, so that its lease need not run out. Nil means never known.
	Gone func(owner string) bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Mask takes out of a text, such as an app's answer to a check, what a plan
	// keeps secret, before it is recorded; nil means that nothing is secret.
	Mask func(p release.Plan, text string) string
	// Logger hears what happens; nil means nobody does. Its handler must not
	// block: it is called while records wait to be written.
	Logger *slog.Logger
}

// Engine is one controller. Its methods may be called from any goroutine.
type Engine struct {
	Config

	mu      sync.Mutex
	book    *book // nil while another controller leads
	lease   store.Lease
	workers map[string]*worker
	spawn   func(*worker)
	// interrupt ends the present lead with a cause.
	interrupt context.CancelCauseFunc
	changed   chan struct{}
	fills     fills
}

// ErrNotLeading means that another controller has the lease.
var ErrNotLeading = errors.New("another controller is in charge")

// New returns an engine that does nothing until Run.
func New(c Config) *Engine {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.TTL == 0 {
		c.TTL = 10 * time.Second
	}
	if c.Gone == nil {
		c.Gone = func(string) bool { return false }
	}
	if c.Mask == nil {
		c.Mask = func(_ release.Plan, text string) string { return text }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Engine{Config: c, changed: make(chan struct{})}
}

func (e *Engine) now() time.Time { return e.Now().UTC() }

// fence returns the generation that goes with every order.
func (e *Engine) fence() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lease.Generation
}

func (e *Engine) current(app string) (release.State, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return release.State{}, false
	}
	return e.book.current(app)
}

// Plan returns the plan of an app's present release, or of the last one, and
// whether there was any.
func (e *Engine) Plan(app string) (release.Plan, bool) {
	s, ok := e.current(app)
	return s.Plan, ok
}

// pending returns the intents without a result of all releases of an app.
func (e *Engine) pending(app string) []release.Intended {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return nil
	}
	return e.book.pending(app)
}

// state returns a release as it stands on record, or ErrNotLeading: the lease
// can be lost between any two lines of a worker.
func (e *Engine) state(name string) (release.State, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return release.State{}, ErrNotLeading
	}
	s, ok := e.book.releases[name]
	if !ok {
		return release.State{}, fmt.Errorf("find release %s: the journal holds none of that name", name)
	}
	return s, nil
}

// record appends one event and lets everybody who waits for changes know.
func (e *Engine) record(ctx context.Context, app, name, who string, ev release.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recordLocked(ctx, app, name, who, ev)
}

// appendLimit bounds one append to the journal.
const appendLimit = 10 * time.Second

// recordLocked sees an append through even if whoever asked for it goes away
// meanwhile: an interrupted one leaves open whether it was written. If that
// is open all the same, the lead ends and the next one reads the journal anew.
func (e *Engine) recordLocked(ctx context.Context, app, name, who string, ev release.Event) error {
	if e.book == nil {
		return ErrNotLeading
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appendLimit)
	defer cancel()
	if err := e.book.append(ctx, e.lease, app, name, who, e.now(), ev); err != nil {
		if e.book.doubtful {
			e.interrupt(err)
		}
		return err
	}
	e.announceLocked()
	e.Logger.Info(release.Sentence(ev), "app", app, "release", name, "seq", e.book.head.Seq, "actor", who)
	return nil
}

// recordIntent records an action under the key "release/seq".
func (e *Engine) recordIntent(ctx context.Context, app, name string, a release.Action) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return "", ErrNotLeading
	}
	key := fmt.Sprintf("%s/%d", name, e.book.head.Seq+1)
	return key, e.recordLocked(ctx, app, name, actor, release.Intended{Key: key, Action: a})
}

// releaseOf returns the release that an idempotency key belongs to.
func releaseOf(key string) string {
	return key[:max(strings.LastIndexByte(key, '/'), 0)]
}

// announceLocked wakes whoever waits on Changed.
func (e *Engine) announceLocked() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// Changed returns a channel that is closed at the next change of the journal,
// and when this controller takes charge.
func (e *Engine) Changed() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changed
}
