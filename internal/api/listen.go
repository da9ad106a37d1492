package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"cutover/internal/socket"

	"golang.org/x/sys/unix"
)

// Listen opens the socket at path, readable and writable by its owner only. A
// socket that nobody answers on any more is replaced; one that is in use is an
// error. Its file is watched over and callers are looked at, see
// socket.Listener; log hears of both and may be nil.
func Listen(path string, log *slog.Logger) (*socket.Listener, error) {
	if len(path) > 100 {
		return nil, fmt.Errorf("listen on %s: the path has %d bytes, sockets allow about 100; choose a shorter --state folder", path, len(path))
	}
	if err := makeWay(path); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l, err := socket.Listen(path, log)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
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
