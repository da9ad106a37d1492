package engine

import (
	"context"
	"errors"
	"fmt"
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
	judge  *judge
	// of is the release the judge has been watching, watched says that its
	// signals are.
	of      string
	watched bool
	// probed says that synthetic requests of it may be sent.
	probed bool
	flags  *teller

	mu       sync.Mutex
	seen     release.World
	troubles []string
}

func newWorker(e *Engine, app string) *worker {
	k := &worker{engine: e, app: app, wake: make(chan struct{}, 1), runs: map[lane]*run{}}
	k.flags = newTeller(e, app, k.nudge)
	return k
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
	k.giveUpAll()
	for _, r := range k.runs {
		<-r.done
	}
	k.flags.abandon()
	k.forget()
	k.stopProbing()
}

// stopProbing ends the sending of synthetic requests, if there is any.
func (k *worker) stopProbing() {
	if k.probed {
		k.engine.Synthetic.Forget(k.app)
		k.probed = false
	}
}

// forget ends the watch of the signals, if there is one.
func (k *worker) forget() {
	if k.watched {
		k.engine.Signals.Forget(k.app)
		k.watched = false
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
		return false, k.closeStale(ctx, "", nil)
	}
	w, troubles := k.engine.observe(ctx, s)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if k.engine.unresumed(k.app) {
		k.mu.Lock()
		k.seen, k.troubles = w, troubles
		k.mu.Unlock()
		return false, nil
	}
	w.Pool.Held = k.holdsPool(s.Plan)
	untold, err := k.flags.turn(ctx, s.Release)
	if err != nil {
		return false, err
	}
	troubles = append(troubles, untold...)
	if k.judge == nil || k.of != s.Release || k.judge.trial != s.Trial {
		k.of, k.judge = s.Release, newJudge(s)
	}
	watches := k.judge.gauges.look(k.engine.Signals, s, w)
	k.watched = k.watched || watches
	w.Unread = k.judge.gauges.unread(s)
	probes := k.judge.probe.look(k.engine.Synthetic, s, w)
	if k.probed = k.probed || probes; !probes {
		k.stopProbing()
	}
	if k.judge.look(s, w); k.judge.lost != "" {
		troubles = append(troubles, k.judge.lost)
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
	if !watches {
		k.forget() // not before what is to be done has begun
	}
	return !s.Phase.Ended() || len(wanted) > 0, nil
}

// settle bounds how many events one look around may lead to; the core's
// property tests show that it is never reached.
const settle = 40

// decide asks the core until it has nothing more to record. A release ends only
// after a look at which nothing of it was under way any more: what is given up
// may still have had its effect.
func (k *worker) decide(ctx context.Context, name string, w *release.World) ([]release.Action, error) {
	for range settle {
		s, err := k.engine.state(name)
		if err != nil {
			return nil, err
		}
		w.Verdict = k.judge.verdict(s, *w)
		w.Verdict = s.Weigh(*w)
		d := release.Decide(s, *w)
		if len(d.Events) == 0 {
			return d.Actions, nil
		}
		for _, ev := range d.Events {
			if _, ends := ev.(release.Ended); ends && len(k.runs) > 0 {
				k.giveUpAll()
				return nil, nil
			}
			if err := k.engine.record(ctx, k.app, name, actor, k.judge.sign(ev)); err != nil {
				return nil, err
			}
		}
	}
	return nil, fmt.Errorf("decide on release %s: it does not settle within %d events", name, settle)
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
