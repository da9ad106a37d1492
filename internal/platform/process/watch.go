package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"cutover/internal/probe"
	"cutover/internal/release"
)

// watch follows the readiness of one process. It asks in the background, so
// that one instance that does not answer cannot hide all the others.
type watch struct {
	slot   slot
	of     identity
	run    slotRun
	addr   string
	health release.Health
	logger *slog.Logger

	mu sync.Mutex
	// asked is when the latest probe began; asking is open while it runs.
	asked    time.Time
	asking   chan struct{}
	failures int
	sight    sight
	// over says that another process has the slot, and its records, now.
	over bool
}

// sight is what a watch has seen last.
type sight struct {
	ready  bool
	since  time.Time
	detail string
}

// newWatch takes up what an earlier controller saw of the same process: an
// instance that was ready does not lose that by one failed probe, nor by a
// change of the controller.
func newWatch(s slot, run slotRun, logger *slog.Logger) *watch {
	w := &watch{slot: s, of: run.identity, run: run, addr: s.addr(run), health: s.Health, logger: logger}
	if seen, _, err := readRecord[slotReady](s.readyFile()); err == nil && seen.Of == run.identity {
		w.sight = sight{ready: true, since: seen.Since}
	}
	return w
}

// look begins a probe if one is due, waits for its answer until ctx ends, and
// returns what is known then.
func (w *watch) look(ctx context.Context, clock func() time.Time) sight {
	if asking := w.ask(clock); asking != nil {
		select {
		case <-asking:
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.sight
	if w.asking != nil && !seen.ready && seen.detail == "" {
		seen.detail = "asked whether it is ready, and no answer yet"
	}
	return seen
}

// ask returns the probe that is under way, after beginning one if it is due.
func (w *watch) ask(clock func() time.Time) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := clock()
	age := now.Sub(w.asked)
	rested := !w.asked.IsZero() && age >= 0 && age < w.health.Every
	if w.asking != nil || rested {
		return w.asking
	}
	w.asked, w.asking = now, make(chan struct{})
	go func() {
		// The probe has a limit of its own and outlasts whoever asked for it.
		err := w.probe(context.Background())
		w.mu.Lock()
		defer w.mu.Unlock()
		if err == nil {
			w.succeeded(clock())
		} else {
			w.failed(err)
		}
		close(w.asking)
		w.asking = nil
	}()
	return w.asking
}

// probe asks once, in the manner of the slot's Health.
func (w *watch) probe(ctx context.Context) error {
	switch {
	case w.health.Running:
		return nil // whoever looks has seen that it runs
	case len(w.health.Command) == 0:
		return probe.Ready(ctx, w.health, w.addr)
	}
	ctx, cancel := context.WithTimeout(ctx, probe.Limit(w.health))
	defer cancel()
	return probeCommand(ctx, w.health, w.slot, w.run)
}

func (w *watch) succeeded(now time.Time) {
	w.failures, w.sight.detail = 0, ""
	if w.sight.ready {
		return
	}
	w.sight = sight{ready: true, since: now}
	w.note(func() error { return writeRecord(w.slot.readyFile(), slotReady{Of: w.of, Since: now}) })
}

func (w *watch) failed(why error) {
	w.failures++
	w.sight.detail = why.Error()
	if !w.sight.ready {
		return
	}
	if limit := max(w.health.Failures, 1); w.failures < limit {
		w.sight.detail = fmt.Sprintf("%d of %d failed probes that cost readiness: %v", w.failures, limit, why)
		return
	}
	w.sight.ready, w.sight.since = false, time.Time{}
	w.note(func() error { return os.Remove(w.slot.readyFile()) })
}

// note keeps readiness for the next controller. Without the note that one
// only has to see for itself, so a failure is no reason to see nothing now.
func (w *watch) note(write func() error) {
	if w.over {
		return
	}
	if err := write(); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.logger.Warn("the readiness of an instance was not noted", "app", w.slot.App, "instance", w.slot.ID, "error", err)
	}
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
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
			w.end()
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
