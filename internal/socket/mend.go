package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// watch looks after the file until the listener is closed.
func (l *Listener) watch() {
	tick := time.NewTicker(every)
	defer tick.Stop()
	missed, said := false, ""
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
		}
		switch lost := l.lost(); {
		case !lost:
			missed, said = false, ""
			continue
		case !missed:
			missed = true
			continue
		}
		if err := l.mend(); err != nil && err.Error() != said {
			said = err.Error()
			l.log.Warn("the socket's file is gone and cannot be made anew", "socket", l.path, "error", err)
		}
	}
}

// lost reports whether nobody can reach this socket by its path, nor anybody
// else. What is no socket is somebody's file and not ours to remove.
func (l *Listener) lost() bool {
	l.mu.Lock()
	ours := l.isOurs()
	l.mu.Unlock()
	if ours {
		return false
	}
	found, err := os.Lstat(l.path)
	switch {
	case err != nil:
		return errors.Is(err, fs.ErrNotExist)
	case found.Mode().Type() != fs.ModeSocket:
		return false
	}
	c, err := net.DialTimeout("unix", l.path, every)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// mend puts a new socket in the place of the lost one, in one stroke: whoever
// calls finds the old state or the new one.
func (l *Listener) mend() error {
	beside := l.path[:len(l.path)-1] + "~" // no longer than a socket's path may be
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what an earlier attempt left: %w", err)
	}
	fresh, file, err := bind(beside)
	if err != nil {
		return fmt.Errorf("make a new socket: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errors.Join(fresh.Close(), os.Remove(beside))
	}
	if err := os.Rename(beside, l.path); err != nil {
		return errors.Join(fmt.Errorf("put the new socket in its place: %w", err), fresh.Close(), os.Remove(beside))
	}
	old := l.now
	l.now, l.file = fresh, file
	l.log.Warn("the socket's file was gone, it is made anew", "socket", l.path)
	return old.Close()
}
