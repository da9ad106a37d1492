package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// aside is where a socket lies while something else has its place.
func aside(path string) string { return path + ".aside" }

// setAside moves a socket out of its place. Its owner goes on listening on it
// and does not notice.
func setAside(path string) error {
	if err := isSocket(path); err != nil {
		return err
	}
	return os.Rename(path, aside(path))
}

func isSocket(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look at the socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is no socket", path)
	}
	return nil
}

// putBack gives a socket its place again, unless its owner has been replaced
// and somebody new listens there: then the old one is removed.
func putBack(path string, mine func(fs.FileInfo) bool) error {
	info, err := os.Lstat(path)
	if err == nil && !mine(info) {
		return os.Remove(aside(path))
	}
	return os.Rename(aside(path), path)
}

// DeadSocket takes the file of a Unix socket away, or leaves one in its place
// that nobody listens on. Who holds a connection keeps it. Nothing is put back:
// to be reachable again is the owner's business.
type DeadSocket struct {
	// Path is the socket.
	Path string
	// Replace leaves a dead one; else there is none.
	Replace bool
}

var _ Fault = DeadSocket{}

// Name implements Fault.
func (d DeadSocket) Name() string {
	if d.Replace {
		return "socket replaced by a dead one"
	}
	return "socket file removed"
}

// Inject implements Fault.
func (d DeadSocket) Inject(context.Context) (func() error, error) {
	if err := isSocket(d.Path); err != nil {
		return nil, fmt.Errorf("take the socket away: %w", err)
	}
	if err := os.Remove(d.Path); err != nil {
		return nil, fmt.Errorf("take the socket away: %w", err)
	}
	if d.Replace {
		if err := deadSocket(d.Path); err != nil {
			return nil, fmt.Errorf("leave a dead socket: %w", err)
		}
	}
	return func() error { return nil }, nil
}

// deadSocket makes a socket that nobody listens on.
func deadSocket(path string) error {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}), syscall.Close(fd))
}
