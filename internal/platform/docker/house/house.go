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

// List finds the instances of an app that bear the mark, on all sockets.
type List func(ctx context.Context, mark string, sockets []string) ([]badge.Badge, error)

// Visit is the right to change one app's instances.
type Visit struct {
	Book
	// Mark is borne by what belongs to this state folder.
	Mark string
	at   Layout
	app  string
	lock *durable.Lock
}

// Enter takes the right to change app's instances: one at a time among all
// controllers, and none with an older fence, by the book or by the labels of
// what list finds, which is release.ErrFenced. A socket that is not "" is one
// that instances may get on. The caller must call Leave.
func (l Layout) Enter(ctx context.Context, stamp release.Stamp, socket string, list List) (*Visit, error) {
	if err := CheckApp(stamp.App); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.App(stamp.App), 0o700); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock, err := durable.TakeLock(waiting, l.lock(stamp.App), os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("wait for another controller that works on %s: %w", stamp.App, err)
	}
	v := &Visit{at: l, lock: lock, app: stamp.App}
	if err := v.open(ctx, stamp, socket, list); err != nil {
		lock.Release()
		return nil, err
	}
	return v, nil
}

// Leave gives the right up.
func (v *Visit) Leave() { v.lock.Release() }

// open reads the book, looks at all instances, and refuses an order older than
// one already seen.
func (v *Visit) open(ctx context.Context, stamp release.Stamp, socket string, list List) (err error) {
	if v.Mark, err = v.at.MakeMark(); err != nil {
		return err
	}
	before, err := v.at.Read(v.app)
	if err != nil {
		return err
	}
	v.Book = before
	v.Sockets = slices.Clone(before.Sockets)
	if socket != "" && !slices.Contains(v.Sockets, socket) {
		v.Sockets = append(v.Sockets, socket)
	}
	all, err := list(ctx, v.Mark, v.Sockets)
	if err != nil {
		return err
	}
	for _, b := range all {
		v.Fence, v.Last = max(v.Fence, b.Fence), max(v.Last, b.Number)
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
func (v *Visit) Save() error { return durable.WriteRecord(v.at.book(v.app), v.Book) }

// Next returns the number of the next instance, which is never used again.
func (v *Visit) Next() (int, error) {
	v.Last++
	return v.Last, v.Save()
}

// KeepSockets forgets the sockets on which no instance is left.
func (v *Visit) KeepSockets(used func(socket string) bool) error {
	v.Sockets = slices.DeleteFunc(v.Sockets, func(socket string) bool { return !used(socket) })
	return v.Save()
}
