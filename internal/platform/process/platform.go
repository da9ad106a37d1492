package process

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// Platform runs instances as processes. It is safe for use by several
// goroutines, and by several controllers that share the state folder.
type Platform struct {
	opt      Options
	at       layout
	boot     string
	ports    *ports
	children *children
	watches  *watches
}

// New opens the platform. It starts and stops nothing; what runs is adopted
// by being found in the state folder.
func New(o Options) (*Platform, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return nil, fmt.Errorf("open the process platform: %w", err)
	}
	boot, err := bootID()
	if err != nil {
		return nil, fmt.Errorf("open the process platform: %w", err)
	}
	at := layout{root: o.StateDir}
	return &Platform{
		opt: o, at: at, boot: boot,
		ports:    newPorts(at),
		children: newChildren(),
		watches:  newWatches(o.Logger),
	}, nil
}

// safeName is what may become the name of a folder.
var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func checkApp(app string) error {
	if !safeName.MatchString(app) {
		return fmt.Errorf("the app's name %q cannot be the name of a folder: use letters, digits, dots and dashes", app)
	}
	return nil
}

// lockWait is how long another controller that works on the same app, or a
// launch under way, is waited for.
const lockWait = 15 * time.Second

// enter takes the right to change app's instances: one at a time among all
// controllers, and none with an older fence. The caller must call leave.
func (p *Platform) enter(ctx context.Context, stamp release.Stamp) (leave func(), err error) {
	if err := checkApp(stamp.App); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.at.slots(stamp.App), 0o700); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock, err := durable.TakeLock(ctx, p.at.appLock(stamp.App), os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("wait for another controller that works on %s: %w", stamp.App, err)
	}
	if err := p.fence(stamp); err != nil {
		lock.Release()
		return nil, err
	}
	return lock.Release, nil
}

// fence refuses an order older than one already seen, and remembers this one.
func (p *Platform) fence(stamp release.Stamp) error {
	book, err := readBook(p.at.book(stamp.App))
	switch {
	case err != nil:
		return err
	case stamp.Fence < book.Fence:
		return fmt.Errorf("order %s has fence %d, an order with %d was seen: %w", stamp.Key, stamp.Fence, book.Fence, release.ErrFenced)
	case stamp.Fence == book.Fence:
		return nil
	}
	book.Fence = stamp.Fence
	return book.write(p.at.book(stamp.App))
}
