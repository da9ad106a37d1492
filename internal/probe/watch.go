package probe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cutover/internal/release"
)

// Watch follows the readiness of one run of an instance. It asks in the
// background, so that one instance that does not answer cannot hide all the
// others.
type Watch struct {
	health release.Health
	probe  func(context.Context) error
	note   func(since time.Time)

	mu sync.Mutex
	// asked is when the latest probe began; asking is open while it runs.
	asked    time.Time
	asking   chan struct{}
	failures int
	sight    Sight
	// over says that another run has the instance's records now.
	over bool
}

// Sight is what a watch has seen last.
type Sight struct {
	Ready bool
	// Since is when it became ready.
	Since time.Time
	// Detail says why it is not ready, or is about to be so no longer.
	Detail string
}

// NewWatch takes up what an earlier controller saw of the same run: an
// instance that was ready since a time that is not zero does not lose that by
// one failed probe, nor by a change of the controller. ask is called for each
// probe and must end in time; note hears, one call at a time, when readiness
// begins, and with the zero time when it is lost.
func NewWatch(health release.Health, ready time.Time, ask func(context.Context) error, note func(since time.Time)) *Watch {
	return &Watch{health: health, probe: ask, note: note, sight: Sight{Ready: !ready.IsZero(), Since: ready}}
}

// Look begins a probe if one is due, waits for its answer until ctx ends, and
// returns what is known then.
func (w *Watch) Look(ctx context.Context, clock func() time.Time) Sight {
	if asking := w.ask(clock); asking != nil {
		select {
		case <-asking:
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.sight
	if w.asking != nil && !seen.Ready && seen.Detail == "" {
		seen.Detail = "asked whether it is ready, and no answer yet"
	}
	return seen
}

// ask returns the probe that is under way, after beginning one if it is due.
func (w *Watch) ask(clock func() time.Time) <-chan struct{} {
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

func (w *Watch) succeeded(now time.Time) {
	w.failures, w.sight.Detail = 0, ""
	if w.sight.Ready {
		return
	}
	w.sight = Sight{Ready: true, Since: now}
	w.tell(now)
}

func (w *Watch) failed(why error) {
	w.failures++
	w.sight.Detail = why.Error()
	if !w.sight.Ready {
		return
	}
	if limit := max(w.health.Failures, 1); w.failures < limit {
		w.sight.Detail = fmt.Sprintf("%d of %d failed probes that cost readiness: %v", w.failures, limit, why)
		return
	}
	w.sight.Ready, w.sight.Since = false, time.Time{}
	w.tell(time.Time{})
}

func (w *Watch) tell(since time.Time) {
	if !w.over {
		w.note(since)
	}
}

// End has the watch note nothing more: another run follows.
func (w *Watch) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}
