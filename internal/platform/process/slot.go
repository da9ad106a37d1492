package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// slot is the place of one instance: a folder with its records. At most one
// process runs in it at any time; one that ended is followed by another.
type slot struct {
	folder string
	slotSpec
}

// slotSpec is written once, when the slot is made.
type slotSpec struct {
	ID   string       `json:"id"`
	App  string       `json:"app"`
	Side release.Side `json:"side"`
	// Component is "" for the one with users.
	Component string         `json:"component,omitempty"`
	Version   string         `json:"version"`
	Digest    string         `json:"digest"`
	Health    release.Health `json:"health"`
	Stop      release.Stop   `json:"stop"`
	// Adopted is the process the slot began with, if it ran before cutover knew
	// of it; AdoptedAt is when it was taken in.
	Adopted   *release.Adopted `json:"adopted,omitempty"`
	AdoptedAt time.Time        `json:"adoptedAt,omitzero"`
	// Refs are the references to secrets, never their values. They serve to
	// mask the secrets where the program's output is shown.
	Refs []string `json:"refs,omitempty"`
}

func (s slot) lockFile() string  { return filepath.Join(s.folder, "lock") }
func (s slot) specFile() string  { return filepath.Join(s.folder, "slot.json") }
func (s slot) runFile() string   { return filepath.Join(s.folder, "process.json") }
func (s slot) endFile() string   { return filepath.Join(s.folder, "end.json") }
func (s slot) stopFile() string  { return filepath.Join(s.folder, "stopping.json") }
func (s slot) readyFile() string { return filepath.Join(s.folder, "ready.json") }

// slotID has the number by which slots are sorted.
var slotID = regexp.MustCompile(`^(?:blue|green)-([1-9][0-9]{0,17})$`)

func slotNumber(id string) int {
	m := slotID.FindStringSubmatch(id)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// slotsOf lists the slots of app, oldest first.
func (l layout) slotsOf(app string) ([]slot, error) {
	entries, err := os.ReadDir(l.slots(app))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list instances: %w", err)
	}
	var list []slot
	for _, e := range entries {
		if slotNumber(e.Name()) == 0 {
			continue
		}
		s, found, err := openSlot(l.slot(app, e.Name()))
		if err != nil {
			return nil, err
		}
		if found {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b slot) int { return cmp.Compare(slotNumber(a.ID), slotNumber(b.ID)) })
	return list, nil
}

// openSlot reads the slot in folder; found is false if there is none.
func openSlot(folder string) (s slot, found bool, err error) {
	s.folder = folder
	s.slotSpec, found, err = durable.ReadRecord[slotSpec](s.specFile())
	return s, found, err
}

// makeSlot creates the next slot of an app. It appears whole or not at all.
// The caller has the app's lock.
func (l layout) makeSlot(spec slotSpec) (slot, error) {
	book, err := readBook(l.book(spec.App))
	if err != nil {
		return slot{}, err
	}
	book.Last++
	if err := book.write(l.book(spec.App)); err != nil {
		return slot{}, err
	}
	spec.ID = fmt.Sprintf("%s-%d", spec.Side, book.Last)
	temp, err := os.MkdirTemp(l.slots(spec.App), durable.TempPrefix)
	if err != nil {
		return slot{}, fmt.Errorf("make a slot: %w", err)
	}
	s := slot{folder: temp, slotSpec: spec}
	if err := errors.Join(durable.WriteRecord(s.specFile(), spec), os.WriteFile(s.lockFile(), nil, 0o600)); err != nil {
		return slot{}, errors.Join(err, os.RemoveAll(temp))
	}
	s.folder = l.slot(spec.App, spec.ID)
	if err := os.Rename(temp, s.folder); err != nil {
		return slot{}, errors.Join(fmt.Errorf("make a slot: %w", err), os.RemoveAll(temp))
	}
	return s, durable.SyncFolder(l.slots(spec.App))
}

// remove makes the slot disappear at once and for good.
func (s slot) remove() error {
	parent := filepath.Dir(s.folder)
	gone := filepath.Join(parent, durable.TempPrefix+"gone-"+s.ID)
	if err := os.Rename(s.folder, gone); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil // another Stop was faster
		}
		return fmt.Errorf("remove the record of %s: %w", s.ID, err)
	}
	return errors.Join(durable.SyncFolder(parent), os.RemoveAll(gone))
}

// sweep removes what a crash left half made or half removed. The caller has
// the app's lock.
func (l layout) sweep(app string) error {
	entries, err := os.ReadDir(l.slots(app))
	if err != nil {
		return fmt.Errorf("sweep slots: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), durable.TempPrefix) {
			if err := os.RemoveAll(filepath.Join(l.slots(app), e.Name())); err != nil {
				return fmt.Errorf("sweep slots: %w", err)
			}
		}
	}
	return nil
}

// markStopping records durably that nothing may start here any more. Under
// the slot's lock, so that a launch under way is over when it returns.
func (s slot) markStopping(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock, err := durable.TakeLock(ctx, s.lockFile(), 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the slot is gone
	}
	if err != nil {
		return fmt.Errorf("wait for the launch of %s: %w", s.ID, err)
	}
	defer lock.Release()
	if _, marked, err := s.stopping(); err != nil || marked {
		return err
	}
	return durable.WriteRecord(s.stopFile(), slotStop{At: now})
}
