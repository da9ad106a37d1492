package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	dumpSuffix     = ".dump"
	manifestSuffix = ".json"
	// usualTimeout bounds one piece of work when nothing else is said.
	usualTimeout = 6 * time.Hour
)

// Folder is where backups are kept. Its files are for its owner alone.
type Folder struct {
	// Path is created if it is missing.
	Path string
	// Programs is the folder of pg_dump and pg_restore; "" to look for those
	// that fit the server.
	Programs string
	// Label is kept with each backup taken: what it was taken for.
	Label string
	// Timeout bounds each of Take, Verify and Restore; 0 is six hours.
	Timeout time.Duration
	// Progress, if not nil, is told how far the work has come, a few times a
	// second at most for Dumping. It must return soon.
	Progress func(Progress)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Open returns a backup by its name, os.ErrNotExist if there is none.
func (f Folder) Open(name string) (Backup, error) {
	if name == "" || filepath.Base(name) != name {
		return Backup{}, fmt.Errorf("open backup %q: that is not the name of a backup", name)
	}
	data, err := os.ReadFile(filepath.Join(f.Path, name+manifestSuffix))
	if err != nil {
		return Backup{}, fmt.Errorf("open backup %s: %w", name, err)
	}
	var b Backup
	if err := json.Unmarshal(data, &b); err != nil {
		return Backup{}, fmt.Errorf("open backup %s: its record cannot be read: %w", name, err)
	}
	if b.Format != 1 || b.Name != name {
		return Backup{}, fmt.Errorf("open backup %s: its record is of format %d and for %q: use the version of cutover that wrote it", name, b.Format, b.Name)
	}
	b.folder = f.Path
	return b, nil
}

// List returns all backups, the newest first. Those whose record cannot be
// read are reported in the error; the others are returned all the same.
func (f Folder) List() ([]Backup, error) {
	entries, err := os.ReadDir(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the backups: %w", err)
	}
	var all []Backup
	var errs []error
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), manifestSuffix)
		if !is || e.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		b, err := f.Open(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b Backup) int {
		if c := b.Began.Compare(a.Began); c != 0 {
			return c
		}
		return strings.Compare(b.Name, a.Name)
	})
	return all, errors.Join(errs...)
}

func (f Folder) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

func (f Folder) progress(p Progress) {
	if f.Progress != nil {
		f.Progress(p)
	}
}

// bounded returns a context that ends when the time for the work is over.
func (f Folder) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, f.timeout(), errTimeout)
}

func (f Folder) timeout() time.Duration {
	if f.Timeout > 0 {
		return f.Timeout
	}
	return usualTimeout
}

// timely adds why the context ended, if it was that.
func timely(ctx context.Context, err error) error {
	// A connection notices that its time is over a moment before the context does.
	if end, bounded := ctx.Deadline(); err != nil && bounded && !time.Now().Before(end) {
		<-ctx.Done()
	}
	if err != nil && ctx.Err() != nil && !errors.Is(err, context.Cause(ctx)) {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

// random returns a few letters that make a name the only one.
func random() string {
	var b [4]byte
	// It never fails: the program ends if there is no randomness.
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
