package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"cutover/internal/release"
)

// The pace of looking around: often while a release is under way, calmly while
// nothing but the standing version has to be kept up.
const (
	busyPace = 200 * time.Millisecond
	calmPace = time.Second
)

// worker sees to one app: it observes, decides, records and acts, for as long
// as its controller holds the lease.
type worker struct {
	engine *Engine
	app    string
	wake   chan struct{}
	runs   map[lane]*run
	judge  judge
	// of is the release the judge has been watching.
	of string

	mu       sync.Mutex
	seen     release.World
	troubles []string
}

func newWorker(e *Engine, app string) *worker {
	return &worker{engine: e, app: app, wake: make(chan struct{}, 1), runs: map[lane]*run{}}
}

// nudge makes the worker look around at once.
func (k *worker) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// loop works until ctx ends or the right to write is lost, which it returns.
// It waits for the actions under way before it returns.
func (k *worker) loop(ctx context.Context) error {
	defer k.abandon()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-k.wake:
		case <-timer.C:
		}
		busy, err := k.turn(ctx)
		if err != nil {
			return err
		}
		pace := calmPace
		if busy {
			pace = busyPace
		}
		timer.Reset(pace)
	}
}

// abandon cancels what is under way and waits for it. What it achieved is
// found out by the next look, here or in another controller.
func (k *worker) abandon() {
	for _, r := range k.runs {
		r.cancel()
	}
	for _, r := range k.runs {
		<-r.done
	}
}

// turn is one round: results, a look around, decisions until they settle, and
// then the actions that are wanted. It reports whether a release is under way.
func (k *worker) turn(ctx context.Context) (bool, error) {
	if err := k.collect(ctx); err != nil {
		return false, err
	}
	s, ok := k.engine.current(k.app)
	if !ok {
		return false, nil
	}
	if k.of != s.Release {
		k.of, k.judge = s.Release, judge{}
	}
	w, troubles := k.engine.observe(ctx, s)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	wanted, err := k.decide(ctx, s.Release, &w)
	if err != nil {
		return false, err
	}
	k.mu.Lock()
	k.seen, k.troubles = w, troubles
	k.mu.Unlock()
	if err := k.reconcile(ctx, s.Release, w, wanted); err != nil {
		return false, err
	}
	return !s.Phase.Ended() || len(wanted) > 0, nil
}

// settle bounds how many events one look around may lead to; the core's
// property tests show that it is never reached.
const settle = 40

// decide asks the core until it has nothing more to record.
func (k *worker) decide(ctx context.Context, name string, w *release.World) ([]release.Action, error) {
	for range settle {
		s, _ := k.engine.state(name)
		w.Verdict = k.judge.verdict(s, *w)
		d := release.Decide(s, *w)
		if len(d.Events) == 0 {
			return d.Actions, nil
		}
		for _, ev := range d.Events {
			if err := k.engine.record(ctx, k.app, name, actor, ev); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// collect records the results of actions that have ended.
func (k *worker) collect(ctx context.Context) error {
	for l, r := range k.runs {
		select {
		case <-r.done:
		default:
			continue
		}
		delete(k.runs, l)
		if errors.Is(r.err, release.ErrFenced) {
			return r.err
		}
		if err := k.engine.record(ctx, k.app, releaseOf(r.key), actor, r.result); err != nil {
			return err
		}
	}
	return nil
}

// reconcile gives up what is no longer wanted and begins what is.
func (k *worker) reconcile(ctx context.Context, name string, w release.World, wanted []release.Action) error {
	s, _ := k.engine.state(name)
	for _, r := range k.runs {
		if k.unwanted(r, s, wanted) {
			r.cancel()
		}
	}
	if err := k.closeStale(ctx, name, wanted); err != nil {
		return err
	}
	for _, a := range wanted {
		l := lane{a.Kind, a.Side}
		if k.runs[l] != nil {
			continue
		}
		key, err := k.intend(ctx, name, a)
		if err != nil {
			return err
		}
		s, _ := k.engine.state(name)
		k.runs[l] = k.engine.launch(ctx, s, w, key, a, k.nudge)
	}
	return nil
}

// unwanted reports whether a run is to be given up: something else is wanted
// in its place, or the phase it belongs to is over. That the action is missing
// from the list is not enough: for a moment something may not be observable.
func (k *worker) unwanted(r *run, s release.State, wanted []release.Action) bool {
	if contains(wanted, r.action) {
		return false
	}
	for _, a := range wanted {
		if a.Kind == r.action.Kind && a.Side == r.action.Side {
			return true
		}
	}
	return releaseOf(r.key) != s.Release || r.phase != s.Phase
}

// closeStale records that intents are given up which an earlier controller
// left behind and nobody wants any more.
func (k *worker) closeStale(ctx context.Context, name string, wanted []release.Action) error {
	s, _ := k.engine.state(name)
	for _, p := range s.Pending {
		if k.underWay(p.Key) || contains(wanted, p.Action) {
			continue
		}
		ev := release.Finished{Key: p.Key, Kind: p.Action.Kind, Side: p.Action.Side, Canceled: true}
		if err := k.engine.record(ctx, k.app, name, actor, ev); err != nil {
			return err
		}
	}
	return nil
}

func (k *worker) underWay(key string) bool {
	for _, r := range k.runs {
		if r.key == key {
			return true
		}
	}
	return false
}

// intend records an action before it is carried out. One that is on record
// without a result keeps its key, so that adapters can tell a repetition.
func (k *worker) intend(ctx context.Context, name string, a release.Action) (string, error) {
	s, _ := k.engine.state(name)
	for _, p := range s.Pending {
		if p.Action.Same(a) && !k.underWay(p.Key) {
			return p.Key, nil
		}
	}
	return k.engine.recordIntent(ctx, k.app, name, a)
}

func contains(list []release.Action, a release.Action) bool {
	for _, x := range list {
		if x.Same(a) {
			return true
		}
	}
	return false
}
