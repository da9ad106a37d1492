// Package lookout follows the readiness of instances that a platform does not
// run itself. It asks in the background, so that one instance that does not
// answer cannot hide all the others, and keeps what it saw for the next
// controller.
package lookout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// Patience is how long Look waits for the answer to a probe.
const Patience = 2 * time.Second

// Sight is what is known of one instance.
type Sight struct {
	Ready bool
	// Since is when it last became ready.
	Since time.Time
	// Detail is why it is not ready, or why it soon may not be.
	Detail string
}

// Subject is what is asked.
type Subject struct {
	// Key names the instance, Run one life of it: a new one has to show anew
	// that it is ready.
	Key, Run string
	Health   release.Health
	// Ask puts the question once; nil is yes. It keeps to a limit of its own.
	Ask func(ctx context.Context) error
}

// Lookout is safe for use by several goroutines.
type Lookout struct {
	// Folder keeps since when an instance has been ready, in one small file
	// each. It must exist.
	Folder string
	// Now is the clock.
	Now func() time.Time

	mu sync.Mutex
	by map[string]*watch
}

// Look begins a probe if one is due, waits for its answer for a moment, and
// returns what is known then.
func (l *Lookout) Look(ctx context.Context, s Subject) Sight {
	return l.of(s).look(ctx)
}

// Forget drops what is known of an instance that is no more.
func (l *Lookout) Forget(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w := l.by[key]; w != nil {
		w.end()
		delete(l.by, key)
	}
	if err := os.Remove(l.note(key)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("forget the readiness of %s: %w", key, err)
	}
	return nil
}

func (l *Lookout) of(s Subject) *watch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = map[string]*watch{}
	}
	w := l.by[s.Key]
	if w != nil && w.subject.Run == s.Run {
		return w
	}
	if w != nil {
		w.end()
	}
	w = &watch{subject: s, file: l.note(s.Key), now: l.Now}
	w.recall()
	l.by[s.Key] = w
	return w
}

func (l *Lookout) note(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(l.Folder, hex.EncodeToString(sum[:8])+".ready")
}

// noted is what one file says.
type noted struct {
	Key   string    `json:"key"`
	Run   string    `json:"run"`
	Since time.Time `json:"since"`
}

// watch follows one life of one instance.
type watch struct {
	subject Subject
	file    string
	now     func() time.Time

	mu       sync.Mutex
	asked    time.Time
	asking   chan struct{}
	failures int
	sight    Sight
	over     bool
}

// recall takes up what an earlier controller saw. What cannot be read has to be
// seen again, which takes one probe.
func (w *watch) recall() {
	data, err := os.ReadFile(w.file)
	var n noted
	if err == nil && json.Unmarshal(data, &n) == nil && n.Key == w.subject.Key && n.Run == w.subject.Run {
		w.sight = Sight{Ready: true, Since: n.Since}
	}
}

func (w *watch) look(ctx context.Context) Sight {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	if asking := w.ask(); asking != nil {
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
func (w *watch) ask() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	age := now.Sub(w.asked)
	rested := !w.asked.IsZero() && age >= 0 && age < w.subject.Health.Every
	if w.asking != nil || rested {
		return w.asking
	}
	w.asked, w.asking = now, make(chan struct{})
	go func() {
		// The probe has a limit of its own and outlasts whoever asked for it.
		err := w.subject.Ask(context.Background())
		w.mu.Lock()
		defer w.mu.Unlock()
		w.answered(err)
		close(w.asking)
		w.asking = nil
	}()
	return w.asking
}

func (w *watch) answered(err error) {
	if err == nil {
		w.failures, w.sight.Detail = 0, ""
		if !w.sight.Ready {
			w.sight = Sight{Ready: true, Since: w.now()}
			w.keep()
		}
		return
	}
	w.failures++
	w.sight.Detail = err.Error()
	if !w.sight.Ready {
		return
	}
	if limit := max(w.subject.Health.Failures, 1); w.failures < limit {
		w.sight.Detail = fmt.Sprintf("%d of %d failed probes that cost readiness: %v", w.failures, limit, err)
		return
	}
	w.sight.Ready, w.sight.Since = false, time.Time{}
	if !w.over {
		_ = os.Remove(w.file) // the next controller only has to see for itself
	}
}

// keep notes readiness for the next controller, which without the note only
// has to see for itself.
func (w *watch) keep() {
	if w.over {
		return
	}
	data, err := json.Marshal(noted{Key: w.subject.Key, Run: w.subject.Run, Since: w.sight.Since})
	if err == nil {
		_ = durable.WriteFile(w.file, data, 0o600)
	}
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}
