package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/release"
)

// Cache is where an app caches. Every order may be repeated.
type Cache interface {
	// Observe says whether the cache can be used and about how much each
	// generation holds. It changes nothing. An error means "not known".
	Observe(ctx context.Context, order release.CacheOrder) (release.CacheWorld, error)
	// Sample returns what the values of kept namespaces look like, without any
	// value. It changes nothing.
	Sample(ctx context.Context, order release.CacheOrder) (release.CacheResult, error)
	// Compare looks again and says whether values have another form than
	// before. A difference is a result that fails, not an error.
	Compare(ctx context.Context, order release.CacheOrder, before release.Sealed) (release.CheckResult, error)
	// Count returns about how much a generation holds. It changes nothing.
	Count(ctx context.Context, order release.CacheOrder, prefix string) (release.GenerationSize, error)
	// Purge removes a generation, at a polite rate, and returns when it has met
	// every key of it. It begins at order.From and tells order.Progressed how
	// far it is. Nothing there is no error.
	Purge(ctx context.Context, order release.PurgeOrder) (release.CacheResult, error)
}

var errNoCache = errors.New("this controller cannot use a cache")

func cacheOrder(s release.State) release.CacheOrder {
	return release.CacheOrder{App: s.App, Release: s.Release, Cache: s.Plan.Cache}
}

// lookAtCache looks at the cache of a release under way.
func (e *Engine) lookAtCache(ctx context.Context, s release.State) (release.CacheWorld, error) {
	if e.Cache == nil {
		return release.CacheWorld{}, errNoCache
	}
	return e.Cache.Observe(ctx, cacheOrder(s))
}

func (e *Engine) useCache(ctx context.Context, s release.State, w release.World, a release.Action, stamp release.Stamp, result *release.Finished) error {
	if e.Cache == nil {
		return errNoCache
	}
	var found release.CacheResult
	var err error
	switch a.Kind {
	case release.ActSampleCache:
		found, err = e.Cache.Sample(ctx, cacheOrder(s))
	case release.ActWarmCache:
		found, err = e.warmCache(ctx, s, w, stamp)
	default:
		p := &purging{engine: e, app: s.App, release: s.Release, key: stamp.Key, recorded: e.now()}
		found, err = e.Cache.Purge(ctx, release.PurgeOrder{CacheOrder: cacheOrder(s), Prefix: a.Prefix, From: s.Purge,
			Progressed: func(at release.CacheProgress) error { return p.progressed(ctx, at) }})
	}
	if err == nil {
		result.Cached = &found
	}
	return err
}

// compareCache adds what the cache shows to the results of the checks.
func (e *Engine) compareCache(ctx context.Context, s release.State, result *release.Finished) error {
	if !s.Plan.ComparesCache() {
		return nil
	}
	if e.Cache == nil {
		return errNoCache
	}
	r, err := e.Cache.Compare(ctx, cacheOrder(s), s.CacheProfile)
	if err == nil {
		result.Checks = append(result.Checks, r)
	}
	return err
}

// grown is the share by which a round has to add to a generation for another
// round to be worth it.
const grown = 0.02

// warmCache repeats the warm-up until every bumped generation holds the share
// of its predecessor's keys that the plan asks for, a round adds next to
// nothing, or its time is over.
func (e *Engine) warmCache(ctx context.Context, s release.State, w release.World, stamp release.Stamp) (release.CacheResult, error) {
	until := e.now().Add(s.Plan.Cache.Warm.Most)
	check := []release.Check{{Name: string(release.ActWarmCache), Load: s.Plan.WarmUp}}
	order := release.CheckOrder{Stamp: stamp, Checks: check, Instances: serving(*w.Sides.Of(s.Plan.To.Side))}
	have, want, err := e.cacheFilled(ctx, s)
	for rounds := 0; ; rounds++ {
		why := ""
		switch {
		case err != nil:
			return release.CacheResult{}, err
		case float64(have) >= s.Plan.Cache.Warm.Share*float64(want):
			why = "which is enough"
		case !e.now().Before(until):
			why = fmt.Sprintf("when its %s were over", release.Span(s.Plan.Cache.Warm.Most))
		}
		if why != "" {
			return warmed(have, want, rounds, why), nil
		}
		if _, err = e.Checks.Run(ctx, order); err != nil {
			return release.CacheResult{}, err
		}
		before := have
		if have, want, err = e.cacheFilled(ctx, s); err == nil && float64(have-before) <= grown*float64(before) {
			return warmed(have, want, rounds+1, "and another round adds next to nothing"), nil
		}
	}
}

func warmed(have, want int64, rounds int, why string) release.CacheResult {
	return release.CacheResult{Keys: have, Note: fmt.Sprintf("about %d keys where the old version has %d, after %d rounds, %s", have, want, rounds, why)}
}

// cacheFilled counts the keys of bumped generations, and of those before them.
func (e *Engine) cacheFilled(ctx context.Context, s release.State) (have, want int64, err error) {
	for _, n := range s.Plan.Cache.Namespaces {
		if n.Kept() || n.From.Prefix == "" || n.To.Prefix == "" {
			continue
		}
		old, err := e.Cache.Count(ctx, cacheOrder(s), n.From.Prefix)
		if err != nil {
			return 0, 0, err
		}
		fresh, err := e.Cache.Count(ctx, cacheOrder(s), n.To.Prefix)
		if err != nil {
			return 0, 0, err
		}
		have, want = have+fresh.Keys, want+old.Keys
	}
	return have, want, nil
}

// purging records now and then how far a removal has come. It is used by the
// run's goroutine alone.
type purging struct {
	engine            *Engine
	app, release, key string
	recorded          time.Time
}

func (p *purging) progressed(ctx context.Context, at release.CacheProgress) error {
	now := p.engine.now()
	if now.Sub(p.recorded) < progressEvery {
		return nil
	}
	p.recorded = now
	return p.engine.record(ctx, p.app, p.release, actor, release.Progressed{Key: p.key, Cache: &at})
}
