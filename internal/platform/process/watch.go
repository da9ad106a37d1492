package process

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"cutover/internal/durable"
	"cutover/internal/probe"
)

// watch follows the readiness of one process.
type watch struct {
	*probe.Watch
	of identity
}

// newWatch takes up what an earlier controller saw of the same process.
func newWatch(s slot, run slotRun, logger *slog.Logger) *watch {
	var since time.Time
	if seen, _, err := durable.ReadRecord[slotReady](s.readyFile()); err == nil && seen.Of == run.identity {
		since = seen.Since
	}
	ask := func(ctx context.Context) error { return askReady(ctx, s, run) }
	note := func(since time.Time) {
		// Without the note the next controller only has to see for itself, so a
		// failure is no reason to see nothing now.
		if err := noteReady(s, run, since); err != nil && !errors.Is(err, os.ErrNotExist) {
			logger.Warn("the readiness of an instance was not noted", "app", s.App, "instance", s.ID, "error", err)
		}
	}
	return &watch{Watch: probe.NewWatch(s.Health, since, ask, note), of: run.identity}
}

// askReady asks once, in the manner of the slot's Health.
func askReady(ctx context.Context, s slot, run slotRun) error {
	switch {
	case s.Health.Running:
		return nil // whoever looks has seen that it runs
	case len(s.Health.Command) == 0:
		return probe.Ask(ctx, s.Health, s.addr(run))
	}
	ctx, cancel := context.WithTimeout(ctx, probe.Limit(s.Health))
	defer cancel()
	return probeCommand(ctx, s.Health, s, run)
}

func noteReady(s slot, run slotRun, since time.Time) error {
	if since.IsZero() {
		return os.Remove(s.readyFile())
	}
	return durable.WriteRecord(s.readyFile(), slotReady{Of: run.identity, Since: since})
}

// watches has one watch for each process that is being observed.
type watches struct {
	logger *slog.Logger
	mu     sync.Mutex
	by     map[string]*watch
}

func newWatches(logger *slog.Logger) *watches {
	return &watches{logger: logger, by: map[string]*watch{}}
}

// of returns the watch of this process; a new process in a slot gets a new one.
func (ws *watches) of(s slot, run slotRun) *watch {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	key := watchKey(s.App, s.ID)
	w := ws.by[key]
	if w == nil || w.of != run.identity {
		if w != nil {
			w.End()
		}
		w = newWatch(s, run, ws.logger)
		ws.by[key] = w
	}
	return w
}

// keep forgets what belongs to slots of app that no longer exist.
func (ws *watches) keep(app string, slots []slot) {
	exists := map[string]bool{}
	for _, s := range slots {
		exists[watchKey(s.App, s.ID)] = true
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for key := range ws.by {
		if strings.HasPrefix(key, watchKey(app, "")) && !exists[key] {
			delete(ws.by, key)
		}
	}
}

func watchKey(app, id string) string { return app + "/" + id }
