// Package house keeps what must be remembered beside the daemons: a state
// folder has a mark that its containers and services bear, and for each app a
// lock, the newest order that was obeyed and the number of the newest instance.
package house

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"cutover/internal/durable"
	"cutover/internal/platform/docker/badge"
	"cutover/internal/release"
	"cutover/internal/snapshot"
)

// Options says where a platform keeps what it must remember.
type Options struct {
	// StateDir is the absolute folder for records and configuration files. It
	// belongs to one platform alone and is created if need be.
	StateDir string
	// Snapshots may be nil if no artefact has files.
	Snapshots snapshot.Opener
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Logger hears of launches; nil is silence.
	Logger *slog.Logger
}

// Complete fills in what was left open.
func (o Options) Complete() (Options, error) {
	if !filepath.IsAbs(o.StateDir) {
		return o, fmt.Errorf("the state folder %q is not an absolute path", o.StateDir)
	}
	if o.Snapshots == nil {
		o.Snapshots = noSnapshots{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

type noSnapshots struct{}

func (noSnapshots) Open(string) (io.ReadCloser, error) {
	return nil, errors.New("this controller keeps no snapshots of configuration files")
}

// safeName is what may become the name of a folder and of a container.
var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// SafeName reports whether text may be the name of a folder and of a container.
func SafeName(text string) bool { return safeName.MatchString(text) }

// CheckApp returns an error if no container could be named after the app.
func CheckApp(app string) error {
	if !SafeName(app) {
		return fmt.Errorf("the app's name %q cannot be that of a container: use letters, digits, dots and dashes", app)
	}
	return nil
}

// lockWait is how long another controller that works on the same app is
// waited for.
const lockWait = 15 * time.Second

// Slot is the place of one instance, as a platform finds it.
type Slot interface{ Worn() badge.Badge }

// House is a state folder with the slots that bear its mark.
type House[S Slot] struct {
	Layout
	// Find lists the slots that an app has on the daemon at a socket.
	Find func(ctx context.Context, socket, mark, app string) ([]S, error)
}

// Visit is the right to change one app's instances.
type Visit[S Slot] struct {
	Book
	// Mark is borne by what belongs to this state folder.
	Mark string
	// All are the slots there were when the visit began, oldest first.
	All []S

	house House[S]
	app   string
	lock  *durable.Lock
}

// Known lists the slots of an app on all sockets, oldest first, without taking
// its lock. If one daemon does not answer, nothing is known.
func (h House[S]) Known(ctx context.Context, app string) ([]S, error) {
	mark, err := h.ReadMark()
	if err != nil || mark == "" {
		return nil, err
	}
	b, err := h.Read(app)
	if err != nil {
		return nil, err
	}
	return h.find(ctx, b.Sockets, mark, app)
}

func (h House[S]) find(ctx context.Context, sockets []string, mark, app string) ([]S, error) {
	var all []S
	var failed []error
	for _, socket := range sockets {
		some, err := h.Find(ctx, socket, mark, app)
		all, failed = append(all, some...), append(failed, err)
	}
	slices.SortFunc(all, func(a, b S) int { return a.Worn().Number - b.Worn().Number })
	return all, errors.Join(failed...)
}

// Enter takes the right to change an app's instances: one at a time among all
// controllers, and none with an older fence, by the book or by the labels of a
// slot, which is release.ErrFenced. A socket that is not "" is one that
// instances may get on. The caller must call Leave.
func (h House[S]) Enter(ctx context.Context, stamp release.Stamp, socket string) (*Visit[S], error) {
	if err := CheckApp(stamp.App); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(h.App(stamp.App), 0o700); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock, err := durable.TakeLock(waiting, h.lock(stamp.App), os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("wait for another controller that works on %s: %w", stamp.App, err)
	}
	v := &Visit[S]{house: h, lock: lock, app: stamp.App}
	if err := v.open(ctx, stamp, socket); err != nil {
		lock.Release()
		return nil, err
	}
	return v, nil
}

// Leave gives the right up.
func (v *Visit[S]) Leave() { v.lock.Release() }

// open reads the book, looks at all slots, and refuses an order older than one
// already seen.
func (v *Visit[S]) open(ctx context.Context, stamp release.Stamp, socket string) (err error) {
	if v.Mark, err = v.house.MakeMark(); err != nil {
		return err
	}
	before, err := v.house.Read(v.app)
	if err != nil {
		return err
	}
	v.Book = before
	v.Sockets = slices.Clone(before.Sockets)
	if socket != "" && !slices.Contains(v.Sockets, socket) {
		v.Sockets = append(v.Sockets, socket)
	}
	if v.All, err = v.house.find(ctx, v.Sockets, v.Mark, v.app); err != nil {
		return err
	}
	for _, s := range v.All {
		v.Fence, v.Last = max(v.Fence, s.Worn().Fence), max(v.Last, s.Worn().Number)
	}
	if stamp.Fence < v.Fence {
		return fmt.Errorf("order %s has fence %d, an order with %d was seen: %w", stamp.Key, stamp.Fence, v.Fence, release.ErrFenced)
	}
	v.Fence = stamp.Fence
	if v.equal(before) {
		return nil
	}
	return v.Save()
}

// Save makes what was changed in the book durable.
func (v *Visit[S]) Save() error { return durable.WriteRecord(v.house.book(v.app), v.Book) }

// Next returns the number of the next instance, which is never used again.
func (v *Visit[S]) Next() (int, error) {
	v.Last++
	return v.Last, v.Save()
}

// Side returns the slots of the order's component on its side, and an error if
// any is of another version or configuration: one side never mixes two.
func (v *Visit[S]) Side(order release.StartOrder) ([]S, error) {
	var side []S
	var others []string
	for _, s := range v.All {
		b := s.Worn()
		switch {
		case b.Side != order.Side || b.Component != order.Component:
		case b.Version != order.Version || b.Digest != order.Digest:
			others = append(others, fmt.Sprintf("%s (%s, digest %.12s)", b.ID, b.Version, b.Digest))
		default:
			side = append(side, s)
		}
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%s still has instances of another version: %s: stop them first", order.Side, strings.Join(others, ", "))
	}
	return side, nil
}

// KeepSockets forgets the sockets on which no instance is left.
func (v *Visit[S]) KeepSockets(used func(socket string) bool) error {
	v.Sockets = slices.DeleteFunc(v.Sockets, func(socket string) bool { return !used(socket) })
	return v.Save()
}
