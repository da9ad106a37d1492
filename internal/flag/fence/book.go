// Package fence remembers, for adapters that have no place of their own for it,
// which controller's orders are the newest.
package fence

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// Book is a folder with a page for each app. Several controllers may share it.
type Book struct{ Folder string }

type page struct {
	// Fence is the highest one an order ever had.
	Fence uint64 `json:"fence"`
}

// Held keeps other orders for an app waiting until Release.
type Held struct{ lock *durable.Lock }

// Release lets the next order in.
func (h *Held) Release() { h.lock.Release() }

var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Hold lets one order for an app in at a time, and none with an older fence than
// one that was let in before, which is release.ErrFenced. The caller must call
// Release.
func (b Book) Hold(ctx context.Context, stamp release.Stamp) (*Held, error) {
	if !safeName.MatchString(stamp.App) {
		return nil, fmt.Errorf("the app's name %q cannot be the name of a file: use letters, digits, dots and dashes", stamp.App)
	}
	if err := os.MkdirAll(b.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("remember the newest order: %w", err)
	}
	path := filepath.Join(b.Folder, stamp.App+".json")
	lock, err := durable.TakeLock(ctx, path+".lock", os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("wait for another order: %w", err)
	}
	if err := admit(path, stamp); err != nil {
		lock.Release()
		return nil, err
	}
	return &Held{lock}, nil
}

func admit(path string, stamp release.Stamp) error {
	seen, _, err := durable.ReadRecord[page](path)
	switch {
	case err != nil:
		return err
	case stamp.Fence < seen.Fence:
		return fmt.Errorf("order %s has fence %d, an order with %d was seen: %w", stamp.Key, stamp.Fence, seen.Fence, release.ErrFenced)
	case stamp.Fence == seen.Fence:
		return nil
	}
	return durable.WriteRecord(path, page{stamp.Fence})
}
