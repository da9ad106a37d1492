package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"cutover/internal/release"
)

// lane is what at most one action at a time may use, so that an action which
// is given up has ended before its successor begins.
type lane struct {
	kind      release.ActionKind
	side      release.Side
	component string
}

func laneOf(a release.Action) lane { return lane{a.Kind, a.Side, a.Component} }

// run is an action being carried out.
type run struct {
	key    string
	action release.Action
	// phase is the one that asked for it.
	phase  release.Phase
	cancel context.CancelFunc
	// givenUp says that it was cancelled and is to be over soon.
	givenUp bool
	// done is closed when result and err are set.
	done   chan struct{}
	result release.Finished
	err    error
}

func (r *run) giveUp() {
	r.givenUp = true
	r.cancel()
}

// launch carries an action out in the background. wake is called at its end.
func (e *Engine) launch(ctx context.Context, s release.State, w release.World, key string, a release.Action, wake func()) *run {
	limit := e.deadline(s.Plan, a)
	ctx, cancel := context.WithTimeout(ctx, limit)
	r := &run{key: key, action: a, phase: s.Phase, cancel: cancel, done: make(chan struct{})}
	delay := jitter(s, a)
	go func() {
		defer wake()
		defer close(r.done)
		defer cancel()
		result := release.Finished{Key: key, Kind: a.Kind, Side: a.Side, Component: a.Component}
		err := pass(ctx, delay)
		began := time.Now()
		if err == nil {
			err = e.carryOut(ctx, s, w, a, &result)
		}
		result.Took = time.Since(began)
		for i, c := range result.Checks {
			result.Checks[i].Evidence = e.Mask(s.Plan, c.Evidence)
		}
		r.err, r.result = err, result
		switch {
		case err == nil:
		case context.Cause(ctx) == context.Canceled:
			r.result.Canceled = true
		default:
			r.result.Error = e.Mask(s.Plan, err.Error())
		}
	}()
	return r
}

// jitter spreads retries: nothing before a first try, then up to a quarter of
// the pause that the plan asks for.
func jitter(s release.State, a release.Action) time.Duration {
	for _, t := range s.Tries {
		if t.Kind == a.Kind && t.Side == a.Side && t.Component == a.Component && t.Failures > 0 {
			return rand.N(s.Plan.Tries.Pause/4 + 1)
		}
	}
	return 0
}

// deadline bounds an action by what its plan allows, with room for the work
// around it.
func (e *Engine) deadline(p release.Plan, a release.Action) time.Duration {
	const room = 30 * time.Second
	switch a.Kind {
	case release.ActStop:
		return room + longestGrace(p)
	case release.ActCheck:
		total, loads := room, time.Duration(0)
		for _, c := range p.Checks {
			if c.Load != nil { // all instances share it
				loads += c.Load.Limit()
				continue
			}
			total += time.Duration(c.Retries+1) * (c.Timeout + c.Every)
		}
		return total*time.Duration(max(p.Replicas, 1)) + loads
	case release.ActWarmUp:
		if p.WarmUp != nil {
			return room + p.WarmUp.Limit()
		}
	case release.ActExpand, release.ActContract, release.ActRevertSchema:
		// Waiting for locks and for older transactions takes its time; what
		// users notice is bounded by the lock budget.
		return max(stageLimit, time.Duration(max(1, len(p.Schema.Native.Revisions)))*p.Schema.Native.Timeout+room)
	case release.ActBackfill:
		if p.Schema.Fill.Within > 0 {
			return p.Schema.Fill.Within
		}
		return fillLimit
	case release.ActBackup, release.ActPrepare, release.ActRehearse:
		return backupLimit
	case release.ActExchange, release.ActExchangeBack:
		return exchangeLimit
	case release.ActWarmCache:
		if p.WarmUp != nil && p.Cache.Warm != nil {
			return room + p.Cache.Warm.Most + p.WarmUp.Limit()
		}
	case release.ActPurgeCache:
		return backupLimit
	case release.ActDrainPool:
		return room + p.Database.Pooler.DrainMost
	}
	return room
}

// What bounds the stages of a schema change, and a backup.
const (
	stageLimit  = time.Hour
	fillLimit   = 7 * 24 * time.Hour
	backupLimit = 24 * time.Hour
	// Users are not served while databases change places.
	exchangeLimit = time.Minute
)

// pass lets a while pass, or less if ctx ends.
func pass(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// carryOut hands an action to its adapter, and completes the result with what
// the adapter found.
func (e *Engine) carryOut(ctx context.Context, s release.State, w release.World, a release.Action, result *release.Finished) (err error) {
	stamp := release.Stamp{App: s.App, Key: result.Key, Fence: e.fence()}
	switch a.Kind {
	case release.ActStart:
		t := s.Plan.TargetOf(a.Component, a.Side)
		order, err := e.flagged(ctx, s, release.StartOrder{Stamp: stamp, Side: a.Side, Component: a.Component, Version: t.Version, Digest: t.Digest, Artefact: t.Artefact, Count: a.Count})
		if err != nil {
			return err
		}
		return e.Platform.Start(ctx, order)
	case release.ActStop:
		return e.Platform.Stop(ctx, release.StopOrder{Stamp: stamp, Instances: a.Instances, Leave: s.Plan.Adopts})
	case release.ActRoute:
		return e.Traffic.Route(ctx, release.RouteOrder{Stamp: stamp, Route: *a.Route})
	case release.ActCloseStreams:
		return e.Traffic.CloseStreams(ctx, release.StreamOrder{Stamp: stamp, Side: a.Side, Instances: a.Instances})
	case release.ActCheck:
		order := release.CheckOrder{Stamp: stamp, Checks: s.Plan.Checks, Instances: serving(*w.Sides.Of(a.Side))}
		if s.Plan.Compares() {
			order.Beside = serving(*w.Sides.Of(s.Plan.From.Side))
		}
		if result.Checks, err = e.Checks.Run(ctx, order); err == nil {
			err = e.compareCache(ctx, s, result)
		}
		return err
	case release.ActSampleCache, release.ActWarmCache, release.ActPurgeCache:
		return e.useCache(ctx, s, w, a, stamp, result)
	case release.ActWarmUp:
		warm := []release.Check{{Name: string(a.Kind), Load: s.Plan.WarmUp}}
		result.Checks, err = e.Checks.Run(ctx, release.CheckOrder{Stamp: stamp, Checks: warm, Instances: serving(*w.Sides.Of(a.Side))})
		return err
	case release.ActExpand, release.ActBackfill, release.ActContract, release.ActRevertSchema:
		return e.whilePaused(ctx, s, a, stamp, result, func(ctx context.Context) error { return e.changeSchema(ctx, s, a.Kind, stamp) })
	case release.ActRehearse:
		return e.rehearse(ctx, s, stamp, result)
	case release.ActBackup:
		return e.backUp(ctx, s, stamp, result)
	case release.ActPrepare, release.ActExchange, release.ActExchangeBack:
		return e.whilePaused(ctx, s, a, stamp, result, func(ctx context.Context) error { return e.restore(ctx, s, a.Kind, stamp) })
	case release.ActResumePool, release.ActDrainPool, release.ActReloadPool:
		return e.steerPool(ctx, s, a, stamp, result)
	}
	return fmt.Errorf("carry out %s: this controller has no adapter for it", a.Kind)
}

// longestGrace is how long an instance of a release may take to end.
func longestGrace(p release.Plan) time.Duration {
	longest := max(p.From.Artefact.Stop.Grace, p.To.Artefact.Stop.Grace)
	for _, c := range p.Companions {
		longest = max(longest, c.From.Artefact.Stop.Grace, c.To.Artefact.Stop.Grace)
	}
	return longest
}

func serving(in release.Instances) []release.Instance {
	var list []release.Instance
	for _, i := range in.List {
		if i.Serves() {
			list = append(list, i)
		}
	}
	return list
}
