package docker

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"cutover/internal/durable"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/probe"
)

// watch follows the readiness of one run of a container.
type watch struct {
	*probe.Watch
	// of is when the run began.
	of   time.Time
	addr string
}

// watches has one watch for each run that is being observed.
type watches struct {
	logger *slog.Logger
	mu     sync.Mutex
	by     map[string]*watch
}

func newWatches(logger *slog.Logger) *watches {
	return &watches{logger: logger, by: map[string]*watch{}}
}

// of returns the watch of the run that was seen; a new run gets a new one.
func (ws *watches) of(s slot, seen sight, n notes) *watch {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	key := watchKey(s.App, s.ID)
	w := ws.by[key]
	if w == nil || !w.of.Equal(seen.started) || w.addr != seen.addr {
		if w != nil {
			w.End()
		}
		w = newWatch(s, seen, n, ws.logger)
		ws.by[key] = w
	}
	return w
}

// newWatch takes up what an earlier controller saw of the same run.
func newWatch(s slot, seen sight, n notes, logger *slog.Logger) *watch {
	var since time.Time
	if note, _, err := durable.ReadRecord[readyNote](n.readyFile()); err == nil && note.Of.Equal(seen.started) {
		since = note.Since
	}
	ask := func(ctx context.Context) error { return daemon.AskReady(ctx, s.Badge, seen.addr, s.exec) }
	note := func(since time.Time) {
		// Without the note the next controller only has to see for itself, so a
		// failure is no reason to see nothing now.
		if err := n.noteReady(seen.started, since); err != nil && !errors.Is(err, fs.ErrNotExist) {
			logger.Warn("the readiness of an instance was not noted", "app", s.App, "instance", s.ID, "error", err)
		}
	}
	return &watch{Watch: probe.NewWatch(s.Spec.Health, since, ask, note), of: seen.started, addr: seen.addr}
}

func (n notes) noteReady(of, since time.Time) error {
	if since.IsZero() {
		return os.Remove(n.readyFile())
	}
	return durable.WriteRecord(n.readyFile(), readyNote{Of: of, Since: since})
}

// keep forgets what belongs to slots of app that no longer exist.
func (ws *watches) keep(app string, slots []slot) {
	exists := map[string]bool{}
	for _, s := range slots {
		exists[watchKey(s.App, s.ID)] = true
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for key, w := range ws.by {
		if strings.HasPrefix(key, watchKey(app, "")) && !exists[key] {
			w.End()
			delete(ws.by, key)
		}
	}
}

func watchKey(app, id string) string { return app + "/" + id }
