package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/release"
)

// Flags tells apps which of their features are on. Every order may be repeated.
type Flags interface {
	// Observe looks whether the app was told what the order says, where that can
	// be seen. It changes nothing. An error means "not known".
	Observe(ctx context.Context, order release.FlagOrder) (release.FlagWorld, error)
	// Tell tells the app, and returns when it has heard it.
	Tell(ctx context.Context, order release.FlagOrder) error
}

var errNoFlags = errors.New("this controller cannot tell apps of their flags")

// telling is an app being told of a flag.
type telling struct {
	key     string
	order   release.FlagOrder
	cancel  context.CancelFunc
	done    chan struct{}
	givenUp bool
	// result and err are set when done is closed.
	result release.FlagFinished
	err    error
}

// teller sees to the flags of one app. It belongs to its worker's goroutine:
// only what is under way runs beside that.
type teller struct {
	engine *Engine
	app    string
	wake   func()
	runs   map[string]*telling
}

func newTeller(e *Engine, app string, wake func()) *teller {
	return &teller{engine: e, app: app, wake: wake, runs: map[string]*telling{}}
}

// turn records what has ended and begins what is due, on record in the release
// named. It returns what cannot be observed, for people to read.
func (t *teller) turn(ctx context.Context, in string) ([]string, error) {
	if err := t.collect(ctx); err != nil {
		return nil, err
	}
	standing := t.engine.Standing(t.app)
	if len(standing.Flags) == 0 || t.engine.Flags == nil {
		return nil, nil
	}
	var troubles []string
	for _, f := range standing.Flags {
		for _, w := range f.Ways {
			trouble, err := t.see(ctx, in, standing, f, w)
			if err != nil {
				return troubles, err
			}
			if trouble != "" {
				troubles = append(troubles, trouble)
			}
		}
	}
	return troubles, nil
}

// see brings one way of telling an app of one flag forward.
func (t *teller) see(ctx context.Context, in string, standing release.Standing, f release.FlagState, w release.FlagWay) (trouble string, err error) {
	order := standing.FlagOrderOf(f, w, release.Stamp{App: t.app})
	lane := order.Lane()
	if r := t.runs[lane]; r != nil {
		if r.order.Flag.Same(w.Flag) && r.order.Only.Same(order.Only) && r.order.On != order.On && !r.givenUp {
			r.givenUp = true
			r.cancel()
		}
		return "", nil
	}
	if p := w.Pending; p != nil && p.Off != f.Off {
		// An earlier controller was about to tell what is no longer wanted.
		ev := release.FlagFinished{Key: p.Key, Flag: f.Name, Only: f.Only, Off: p.Off, Canceled: true}
		if err := t.engine.record(ctx, t.app, releaseOf(p.Key), actor, ev); err != nil {
			return "", err
		}
		w.Pending = nil
	}
	lost, trouble := t.lost(ctx, order, w)
	if !w.Due(t.engine.now(), lost) {
		return trouble, nil
	}
	key, err := t.intend(ctx, in, f, w)
	if err != nil {
		return trouble, err
	}
	order.Stamp = release.Stamp{App: t.app, Key: key, Fence: t.engine.fence()}
	t.runs[lane] = t.launch(ctx, order)
	return trouble, nil
}

// lost reports whether the app is seen not to know what it was told.
func (t *teller) lost(ctx context.Context, order release.FlagOrder, w release.FlagWay) (bool, string) {
	if !w.Told || w.Flag.Environment != nil {
		return false, ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	seen, err := t.engine.Flags.Observe(ctx, order)
	if err != nil {
		return false, fmt.Sprintf("the flag %s cannot be observed: %v", w.Flag.Name, err)
	}
	return seen.Known && !seen.Told, ""
}

// intend records what is about to be told. What is on record without a result
// keeps its key.
func (t *teller) intend(ctx context.Context, in string, f release.FlagState, w release.FlagWay) (string, error) {
	if w.Pending != nil {
		return w.Pending.Key, nil
	}
	e := t.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return "", ErrNotLeading
	}
	key := fmt.Sprintf("%s/%d", in, e.book.head.Seq+1)
	return key, e.recordLocked(ctx, t.app, in, actor, release.FlagIntended{Key: key, Flag: w.Flag, Only: f.Only, Off: f.Off})
}

// launch tells the app in the background and calls wake at the end.
func (t *teller) launch(ctx context.Context, order release.FlagOrder) *telling {
	limit := order.Flag.Timeout
	if limit <= 0 {
		limit = lookTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	r := &telling{key: order.Key, order: order, cancel: cancel, done: make(chan struct{})}
	plan, _ := t.engine.Plan(t.app)
	go func() {
		defer t.wake()
		defer close(r.done)
		defer cancel()
		began := time.Now()
		r.err = t.engine.Flags.Tell(ctx, order)
		r.result = release.FlagFinished{Key: order.Key, Flag: order.Flag.Name, Only: order.Only, Off: !order.On, Took: time.Since(began)}
		switch {
		case r.err == nil:
		case context.Cause(ctx) == context.Canceled:
			r.result.Canceled = true
		default:
			r.result.Error = t.engine.Mask(plan, r.err.Error())
		}
	}()
	return r
}

// collect records the results of what has ended.
func (t *teller) collect(ctx context.Context) error {
	for lane, r := range t.runs {
		select {
		case <-r.done:
		default:
			continue
		}
		delete(t.runs, lane)
		if errors.Is(r.err, release.ErrFenced) {
			return r.err
		}
		if err := t.engine.record(ctx, t.app, releaseOf(r.key), actor, r.result); err != nil {
			return err
		}
	}
	return nil
}

// abandon cancels what is under way and waits for it.
func (t *teller) abandon() {
	for _, r := range t.runs {
		r.cancel()
	}
	for _, r := range t.runs {
		<-r.done
	}
}
