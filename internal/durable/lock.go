package durable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockPoll is how often a lock that is held is tried again.
const lockPoll = 5 * time.Millisecond

// Lock excludes other processes and other goroutines alike, and ends with
// the process that holds it. It does not pass on to programs that are started.
type Lock struct{ f *os.File }

// TakeLock waits for the lock on path until ctx ends. flag is os.O_CREATE to
// create the file if need be. If the file is removed or replaced while it is
// waited for, that is os.ErrNotExist.
func TakeLock(ctx context.Context, path string, flag int) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|flag, 0o600)
	if err != nil {
		return nil, err
	}
	if err := waitFlock(ctx, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l := &Lock{f: f}
	if err := l.inPlace(path); err != nil {
		l.Release()
		return nil, err
	}
	return l, nil
}

func waitFlock(ctx context.Context, f *os.File) error {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("lock %s: %w", f.Name(), ctx.Err())
		}
	}
}

// inPlace makes sure that the file that was locked is still the one at path.
func (l *Lock) inPlace(path string) error {
	mine, err := l.f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(mine, there) {
		return fmt.Errorf("lock %s: it was replaced: %w", path, os.ErrNotExist)
	}
	return nil
}

// Release gives the lock up. Closing the file is what frees it; there is
// nothing to be done about an error of that.
func (l *Lock) Release() { _ = l.f.Close() }
