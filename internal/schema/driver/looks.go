package driver

import (
	"context"
	"errors"
	"sync"
	"time"

	"cutover/internal/release"
)

const (
	// fresh is how long a look is good enough: the engine looks around several
	// times a second, which no database should notice. One that took its time
	// is good for costly times as long.
	fresh  = time.Second
	costly = 10
	// longest bounds one look: an app's own program may take its time to tell
	// the revision.
	longest = 2 * time.Minute
)

var errLooking = errors.New("it has not answered yet")

// looks remembers the last look for each release, and has at most one under
// way.
type looks struct {
	mu   sync.Mutex
	last map[string]*look
}

// look is one look, whose results are there when done is closed.
type look struct {
	until time.Time
	done  chan struct{}
	world release.SchemaWorld
	err   error
}

// at returns a look that is fresh enough, or waits for one as long as ctx
// lasts.
func (l *looks) at(ctx context.Context, name string, take func(context.Context) (release.SchemaWorld, error)) (release.SchemaWorld, error) {
	k := l.current(ctx, name, take)
	select {
	case <-k.done:
		return k.world, k.err
	case <-ctx.Done():
		return release.SchemaWorld{}, errLooking
	}
}

func (l *looks) current(ctx context.Context, name string, take func(context.Context) (release.SchemaWorld, error)) *look {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = map[string]*look{}
	}
	if k := l.last[name]; k != nil && k.good() {
		return k
	}
	k, began := &look{done: make(chan struct{})}, time.Now()
	l.last[name] = k
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	go func() {
		defer close(k.done)
		defer cancel()
		k.world, k.err = take(ctx)
		k.until = time.Now().Add(max(fresh, costly*time.Since(began)))
	}()
	return k
}

// good reports whether a look is still under way or fresh.
func (k *look) good() bool {
	select {
	case <-k.done:
		return time.Now().Before(k.until)
	default:
		return true
	}
}

// forget makes the next look a new one: what was seen before is old.
func (l *looks) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.last, name)
}
