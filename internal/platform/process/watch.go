package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"cutover/internal/release"
)

// watch follows the readiness of one process.
type watch struct {
	slot   slot
	of     identity
	addr   string
	health release.Health

	mu       sync.Mutex
	asked    time.Time
	failures int
	sight    sight
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
func newWatch(s slot, run slotRun) *watch {
	w := &watch{slot: s, of: run.identity, addr: s.addr(run), health: s.Health}
	if seen, _, err := readRecord[slotReady](s.readyFile()); err == nil && seen.Of == run.identity {
		w.sight = sight{ready: true, since: seen.Since}
	}
	return w
}

// look probes if a probe is due, and returns what is known then. An error
// means that ctx ended before the answer.
func (w *watch) look(ctx context.Context, clock func() time.Time) (sight, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := clock()
	if age := now.Sub(w.asked); !w.asked.IsZero() && age >= 0 && age < w.health.Every {
		return w.sight, ctx.Err()
	}
	err := probe(ctx, w.health, w.addr)
	if ctx.Err() != nil {
		return sight{}, ctx.Err()
	}
	w.asked = now
	if err != nil {
		return w.sight, w.failed(err)
	}
	return w.sight, w.succeeded(clock())
}

func (w *watch) succeeded(now time.Time) error {
	w.failures, w.sight.detail = 0, ""
	if w.sight.ready {
		return nil
	}
	w.sight = sight{ready: true, since: now}
	return ignoreGone(writeRecord(w.slot.readyFile(), slotReady{Of: w.of, Since: now}))
}

func (w *watch) failed(why error) error {
	w.failures++
	w.sight.detail = why.Error()
	if !w.sight.ready {
		return nil
	}
	if limit := max(w.health.Failures, 1); w.failures < limit {
		w.sight.detail = fmt.Sprintf("%d of %d failed probes that cost readiness: %v", w.failures, limit, why)
		return nil
	}
	w.sight.ready, w.sight.since = false, time.Time{}
	return ignoreGone(os.Remove(w.slot.readyFile()))
}

// ignoreGone lets pass that the slot was removed in the meantime.
func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// watches has one watch for each process that is being observed.
type watches struct {
	mu sync.Mutex
	by map[string]*watch
}

func newWatches() *watches { return &watches{by: map[string]*watch{}} }

// of returns the watch of this process; a new process in a slot gets a new one.
func (ws *watches) of(s slot, run slotRun) *watch {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	key := watchKey(s.App, s.ID)
	w := ws.by[key]
	if w == nil || w.of != run.identity {
		w = newWatch(s, run)
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
