package api

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Listen opens the socket at path, readable and writable by its owner only. A
// socket that nobody answers on any more is replaced; one that is in use is an
// error.
func Listen(path string) (net.Listener, error) {
	if len(path) > 100 {
		return nil, fmt.Errorf("listen on %s: the path has %d bytes, sockets allow about 100; choose a shorter --state folder", path, len(path))
	}
	if err := makeWay(path); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	// The folder is private already, so nobody can have got in before this.
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("protect the socket: %w", err)
	}
	return l, nil
}

// makeWay removes a socket that nobody listens on any more. Anything else that
// stands at path is left alone: a refused connection is the only sign that
// nobody will answer.
func makeWay(path string) error {
	info, err := os.Lstat(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errors.New("something that is not a socket stands there; move it away, or choose another --state folder")
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return errors.New("another controller answers there")
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("somebody may still use it: %w", err)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove the old socket: %w", err)
	}
	return nil
}
