package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// Platform runs instances as containers. It is safe for use by several
// goroutines, and by several controllers that share the state folder.
type Platform struct {
	opt     Options
	at      layout
	boot    string
	daemons *daemons
	watches *watches
}

// New opens the platform. It speaks to no daemon yet; which one runs an app
// is said by its artefacts.
func New(o Options) (*Platform, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, fmt.Errorf("open the docker platform: read the boot id: %w", err)
	}
	return &Platform{
		opt: o, at: layout{o.StateDir}, boot: strings.TrimSpace(string(boot)),
		daemons: newDaemons(), watches: newWatches(o.Logger),
	}, nil
}

// Close gives the connections to the daemons up. Instances are left alone.
func (p *Platform) Close() error { return p.daemons.close() }

// safeName is what may become the name of a folder and of a container.
var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func checkApp(app string) error {
	if !safeName.MatchString(app) {
		return fmt.Errorf("the app's name %q cannot be that of a container: use letters, digits, dots and dashes", app)
	}
	return nil
}

// lockWait is how long another controller that works on the same app is
// waited for.
const lockWait = 15 * time.Second

// visit is the right to change one app's instances.
type visit struct {
	p    *Platform
	lock *durable.Lock
	app  string
	// house marks the containers of this state folder.
	house string
	book  book
	all   []slot
}

// enter takes the right to change app's instances: one at a time among all
// controllers, and none with an older fence. A socket that is not "" is one
// that instances may get on. The caller must call leave.
func (p *Platform) enter(ctx context.Context, stamp release.Stamp, socket string) (*visit, error) {
	if err := checkApp(stamp.App); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.at.app(stamp.App), 0o700); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock, err := durable.TakeLock(waiting, p.at.lock(stamp.App), os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("wait for another controller that works on %s: %w", stamp.App, err)
	}
	v := &visit{p: p, lock: lock, app: stamp.App}
	if err := v.open(ctx, stamp, socket); err != nil {
		lock.Release()
		return nil, err
	}
	return v, nil
}

func (v *visit) leave() { v.lock.Release() }

// open reads the book, looks at all containers, and refuses an order older
// than one already seen: by the book, or by the labels of a container.
func (v *visit) open(ctx context.Context, stamp release.Stamp, socket string) (err error) {
	if v.house, err = v.p.at.makeHouse(); err != nil {
		return err
	}
	before, _, err := durable.ReadRecord[book](v.p.at.book(v.app))
	if err != nil {
		return err
	}
	v.book = before
	v.book.Sockets = slices.Clone(before.Sockets)
	if socket != "" && !slices.Contains(v.book.Sockets, socket) {
		v.book.Sockets = append(v.book.Sockets, socket)
	}
	if v.all, err = v.p.slots(ctx, v.house, v.app, v.book.Sockets); err != nil {
		return err
	}
	for _, s := range v.all {
		v.book.Fence, v.book.Last = max(v.book.Fence, s.fence), max(v.book.Last, s.number)
	}
	if stamp.Fence < v.book.Fence {
		return fmt.Errorf("order %s has fence %d, an order with %d was seen: %w", stamp.Key, stamp.Fence, v.book.Fence, release.ErrFenced)
	}
	v.book.Fence = stamp.Fence
	if v.book.equal(before) {
		return nil
	}
	return v.write()
}

func (v *visit) write() error { return durable.WriteRecord(v.p.at.book(v.app), v.book) }

// next returns the number of the next instance, which is never used again.
func (v *visit) next() (int, error) {
	v.book.Last++
	return v.book.Last, v.write()
}

// slots lists app's containers on all sockets, oldest first.
func (p *Platform) slots(ctx context.Context, house, app string, sockets []string) ([]slot, error) {
	var all []slot
	var failed []error
	for _, socket := range sockets {
		d, err := p.daemons.at(socket)
		if err == nil {
			var list []slot
			list, err = d.slots(ctx, house, app)
			all = append(all, list...)
		}
		failed = append(failed, err)
	}
	slices.SortFunc(all, func(a, b slot) int { return a.number - b.number })
	return all, errors.Join(failed...)
}
