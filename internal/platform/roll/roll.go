// Package roll keeps the roll of an app's instances for platforms that have no
// place of their own to keep it: which there are to be, under which names, and
// the newest order that was obeyed.
package roll

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// Book is a folder with a page for each app.
type Book struct{ Folder string }

// Page is what is known of one app.
type Page struct {
	// Fence is the highest one an order ever had.
	Fence uint64 `json:"fence"`
	// Last is the number of the newest instance; numbers are never used again.
	Last int `json:"last"`
	// Entries are the instances there are to be, oldest first.
	Entries []Entry `json:"entries,omitempty"`
}

// Entry is one instance.
type Entry struct {
	ID        string           `json:"id"`
	Side      release.Side     `json:"side"`
	Component string           `json:"component,omitempty"`
	Version   string           `json:"version"`
	Digest    string           `json:"digest"`
	Artefact  release.Artefact `json:"artefact"`
	// Name is what its owner calls it, if that is not its ID.
	Name string `json:"name,omitempty"`
	// Adopted says how it was found, for one that ran before cutover knew of it
	// and was not started again since.
	Adopted *release.Adopted `json:"adopted,omitempty"`
	// Addr is host:port where it takes requests, as far as that is known; Port
	// was given to it.
	Addr string `json:"addr,omitempty"`
	Port int    `json:"port,omitempty"`
	// Since is when its latest run was begun. Launched says that this was done.
	Since    time.Time `json:"since,omitzero"`
	Launched bool      `json:"launched,omitempty"`
	// Restarts counts the runs that ended by themselves, Streak those in a row
	// that were short.
	Restarts int `json:"restarts,omitempty"`
	Streak   int `json:"streak,omitempty"`
	// Stopping is when it was told to end.
	Stopping time.Time `json:"stopping,omitzero"`
	// Note is why the latest attempt to start it has failed.
	Note string `json:"note,omitempty"`
}

// Ending reports whether the instance was told to end.
func (e Entry) Ending() bool { return !e.Stopping.IsZero() }

// Of reports whether the entry is of the order's component on its side.
func (e Entry) Of(o release.StartOrder) bool { return e.Side == o.Side && e.Component == o.Component }

var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func (b Book) page(app string) (string, error) {
	if !safeName.MatchString(app) {
		return "", fmt.Errorf("the app's name %q cannot be the name of a file: use letters, digits, dots and dashes", app)
	}
	return filepath.Join(b.Folder, app+".json"), nil
}

// Read returns the page of an app, an empty one if it never had any instance.
func (b Book) Read(app string) (Page, error) {
	var p Page
	path, err := b.page(app)
	if err != nil {
		return p, err
	}
	if p, _, err = durable.ReadRecord[Page](path); err != nil {
		return p, fmt.Errorf("read the roll of %s: %w", app, err)
	}
	return p, nil
}

// Apps names the apps that have a page, sorted.
func (b Book) Apps() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(b.Folder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list the rolls: %w", err)
	}
	var apps []string
	for _, f := range files {
		name := filepath.Base(f)
		apps = append(apps, name[:len(name)-len(".json")])
	}
	return apps, nil
}

// Held is a page that nobody else can change.
type Held struct {
	Page
	path string
	lock *durable.Lock
}

// lockWait is how long another controller that works on the same app is waited
// for.
const lockWait = 15 * time.Second

// Hold takes the right to change an app's page: one at a time among all
// controllers, and none with an older fence, which is release.ErrFenced. The
// caller must call Release.
func (b Book) Hold(ctx context.Context, stamp release.Stamp) (*Held, error) {
	path, err := b.page(stamp.App)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("hold the roll of %s: %w", stamp.App, err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock, err := durable.TakeLock(ctx, path+".lock", os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("wait for another controller that works on %s: %w", stamp.App, err)
	}
	h := &Held{path: path, lock: lock}
	if err := b.admit(h, stamp); err != nil {
		h.Release()
		return nil, err
	}
	return h, nil
}

func (b Book) admit(h *Held, stamp release.Stamp) (err error) {
	if h.Page, err = b.Read(stamp.App); err != nil {
		return err
	}
	switch {
	case stamp.Fence < h.Fence:
		return fmt.Errorf("order %s has fence %d, an order with %d was seen: %w", stamp.Key, stamp.Fence, h.Fence, release.ErrFenced)
	case stamp.Fence == h.Fence:
		return nil
	}
	h.Fence = stamp.Fence
	return h.Save()
}

// Save makes what was changed durable.
func (h *Held) Save() error {
	if err := durable.WriteRecord(h.path, h.Page); err != nil {
		return fmt.Errorf("write the roll: %w", err)
	}
	return nil
}

// Release gives the page up.
func (h *Held) Release() { h.lock.Release() }

// Add enters an instance of the order under a name that was never used.
func (h *Held) Add(o release.StartOrder) *Entry {
	h.Last++
	h.Entries = append(h.Entries, Entry{
		ID: fmt.Sprintf("%s-%d", o.Side, h.Last), Side: o.Side, Component: o.Component,
		Version: o.Version, Digest: o.Digest, Artefact: o.Artefact,
	})
	return &h.Entries[len(h.Entries)-1]
}

// Remove strikes instances off.
func (h *Held) Remove(ids ...string) {
	h.Entries = slices.DeleteFunc(h.Entries, func(e Entry) bool { return slices.Contains(ids, e.ID) })
}

// Unmixed refuses an order for a side that has instances of another version or
// configuration: one side never mixes two.
func (p Page) Unmixed(o release.StartOrder) error {
	for _, e := range p.Entries {
		if e.Of(o) && (e.Version != o.Version || e.Digest != o.Digest) {
			return fmt.Errorf("%s still has an instance of another version: %s (%s, digest %.12s): stop it first", o.Side, e.ID, e.Version, e.Digest)
		}
	}
	return nil
}

// Check says why an order can be nobody's.
func Check(o release.StartOrder) error {
	switch {
	case !safeName.MatchString(o.App):
		return fmt.Errorf("%q cannot be the name of an app", o.App)
	case !o.Side.Valid():
		return fmt.Errorf("%q is no side", o.Side)
	case o.Component != "" && !safeName.MatchString(o.Component):
		return fmt.Errorf("%q cannot be the name of a component", o.Component)
	case o.Count < 0:
		return fmt.Errorf("%d is no number of instances", o.Count)
	}
	return nil
}

// Adopt enters those of the order's adopted instances that are not in the roll
// yet, and reports whether there were any. Of an instance that was stopped, or
// started again since, nothing is entered twice: its number shows that it was
// there before.
func (h *Held) Adopt(o release.StartOrder, now time.Time) bool {
	for _, e := range h.Entries {
		if e.Of(o) && e.Digest == o.Digest {
			return false
		}
	}
	for _, a := range o.Artefact.Adopted {
		e := h.Add(o)
		e.Name, e.Addr, e.Adopted, e.Since = a.Name, a.Addr, &a, now
	}
	return len(o.Artefact.Adopted) > 0
}
