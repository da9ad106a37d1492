// Package lookout follows the readiness of instances that a platform does not
// run itself, and keeps what it saw for the next controller.
package lookout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cutover/internal/durable"
	"cutover/internal/probe"
	"cutover/internal/release"
)

// Patience is how long Look waits for the answer to a probe.
const Patience = 2 * time.Second

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

// watch follows one life of one instance.
type watch struct {
	*probe.Watch
	run string
}

// Look begins a probe if one is due, waits for its answer for a moment, and
// returns what is known then.
func (l *Lookout) Look(ctx context.Context, s Subject) probe.Sight {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	return l.of(s).Look(ctx, l.Now)
}

// Forget drops what is known of an instance that is no more.
func (l *Lookout) Forget(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w := l.by[key]; w != nil {
		w.End()
		delete(l.by, key)
	}
	if err := os.Remove(l.note(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
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
	if w != nil && w.run == s.Run {
		return w
	}
	if w != nil {
		w.End()
	}
	w = &watch{run: s.Run, Watch: l.watch(s)}
	l.by[s.Key] = w
	return w
}

// noted is what one file says.
type noted struct {
	Key   string    `json:"key"`
	Run   string    `json:"run"`
	Since time.Time `json:"since"`
}

// watch takes up what an earlier controller saw of the same life. What cannot
// be read, or was not written, has to be seen again, which takes one probe.
func (l *Lookout) watch(s Subject) *probe.Watch {
	file := l.note(s.Key)
	var since time.Time
	if n, found, err := durable.ReadRecord[noted](file); err == nil && found && n.Key == s.Key && n.Run == s.Run {
		since = n.Since
	}
	return probe.NewWatch(s.Health, since, s.Ask, func(since time.Time) {
		if since.IsZero() {
			_ = os.Remove(file)
			return
		}
		_ = durable.WriteRecord(file, noted{Key: s.Key, Run: s.Run, Since: since})
	})
}

func (l *Lookout) note(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(l.Folder, hex.EncodeToString(sum[:8])+".ready")
}
