package engine

import (
	"context"

	"cutover/internal/release"
)

// reconcile gives up what is no longer wanted and begins what is. Nothing
// begins while something that was given up has not ended: it might still have
// its effect after what follows it.
func (k *worker) reconcile(ctx context.Context, name string, w release.World, wanted []release.Action) error {
	s, err := k.engine.state(name)
	if err != nil {
		return err
	}
	for _, r := range k.runs {
		if k.unwanted(r, s, wanted) {
			r.giveUp()
		}
	}
	if err := k.closeStale(ctx, name, wanted); err != nil {
		return err
	}
	if k.ending() {
		return nil
	}
	for _, a := range wanted {
		l := laneOf(a)
		if k.runs[l] != nil {
			continue
		}
		key, err := k.intend(ctx, name, a)
		if err != nil {
			return err
		}
		if s, err = k.engine.state(name); err != nil {
			return err
		}
		k.runs[l] = k.engine.launch(ctx, s, w, key, a, k.nudge)
	}
	return nil
}

// unwanted reports whether a run is to be given up: something else is wanted
// in its place, or the phase it belongs to is over. That the action is missing
// from the list is not enough: for a moment something may not be observable.
// Nor is it that less is wanted: a stop goes on when one instance has ended
// before the others.
func (k *worker) unwanted(r *run, s release.State, wanted []release.Action) bool {
	for _, a := range wanted {
		if laneOf(a) == laneOf(r.action) {
			return !r.action.Covers(a)
		}
	}
	return releaseOf(r.key) != s.Release || r.phase != s.Phase
}

func (k *worker) giveUpAll() {
	for _, r := range k.runs {
		r.giveUp()
	}
}

// ending reports whether something that was given up has not been collected.
func (k *worker) ending() bool {
	for _, r := range k.runs {
		if r.givenUp {
			return true
		}
	}
	return false
}

// closeStale records that intents are given up which an earlier controller
// left behind and nobody wants any more, those of ended releases included.
func (k *worker) closeStale(ctx context.Context, name string, wanted []release.Action) error {
	for _, p := range k.engine.pending(k.app) {
		of := releaseOf(p.Key)
		if k.underWay(p.Key) || of == name && contains(wanted, p.Action) {
			continue
		}
		ev := release.Finished{Key: p.Key, Kind: p.Action.Kind, Side: p.Action.Side, Component: p.Action.Component, Canceled: true}
		if err := k.engine.record(ctx, k.app, of, actor, ev); err != nil {
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
	s, err := k.engine.state(name)
	if err != nil {
		return "", err
	}
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
