package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// every is between two looks at the file. One that is missing at two of them in
// a row is made anew: somebody may be about to put something in its place.
const every = 500 * time.Millisecond

// Listener is a socket that stays reachable under its path. Its methods may be
// used by several goroutines.
type Listener struct {
	path string
	log  *slog.Logger
	done chan struct{}
	over sync.WaitGroup

	mu     sync.Mutex
	now    *net.UnixListener
	file   fs.FileInfo // ours; another one at path is not
	remove bool        // the file, when it is closed
	closed bool
}

// Listen opens a socket at path, which must be free, with mode 0600. What
// becomes of it is said to log, if that is not nil.
func Listen(path string, log *slog.Logger) (*Listener, error) {
	now, file, err := bind(path)
	if err != nil {
		return nil, err
	}
	return keep(path, now, file, log), nil
}

// Adopt makes a socket that another process has opened at path this one's, and
// closes f. Both take calls until one of them lets go.
func Adopt(f *os.File, path string, log *slog.Logger) (*Listener, error) {
	defer f.Close() // the listener has a copy
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("adopt socket: %w", err)
	}
	now, ok := ln.(*net.UnixListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("adopt socket: %s is no Unix socket", ln.Addr()), ln.Close())
	}
	file, err := os.Lstat(path)
	if err != nil {
		file = nil // it is missed at the next look
	}
	return keep(path, now, file, log), nil
}

func keep(path string, now *net.UnixListener, file fs.FileInfo, log *slog.Logger) *Listener {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	now.SetUnlinkOnClose(false) // it would remove what lies there, whosoever it is
	l := &Listener{path: path, log: log, done: make(chan struct{}), now: now, file: file, remove: true}
	l.over.Go(l.watch)
	return l
}

// bind makes a socket of this user alone.
func bind(path string) (*net.UnixListener, fs.FileInfo, error) {
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		return nil, nil, err
	}
	ln.SetUnlinkOnClose(false)
	err = os.Chmod(path, 0o600)
	file, lost := os.Lstat(path)
	if err := errors.Join(err, lost); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("protect the socket: %w", err), ln.Close(), os.Remove(path))
	}
	return ln, file, nil
}

// Accept implements net.Listener. Callers of other users are hung up on.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		now := l.current()
		c, err := now.AcceptUnix()
		switch {
		case err != nil && l.current() == now:
			return nil, err
		case err != nil:
			continue // it was made anew
		}
		if err := welcome(c); err != nil {
			l.log.Warn("a caller was turned away", "socket", l.path, "error", err)
			c.Close()
			continue
		}
		return c, nil
	}
}

func (l *Listener) current() *net.UnixListener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return &net.UnixAddr{Net: "unix", Name: l.path} }

// SyscallConn implements syscall.Conn: it is the socket as it is now.
func (l *Listener) SyscallConn() (syscall.RawConn, error) { return l.current().SyscallConn() }

// SetUnlinkOnClose says whether Close removes the file, if it is still this
// socket's. It does unless told otherwise.
func (l *Listener) SetUnlinkOnClose(remove bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove = remove
}

// Close implements net.Listener. A second call does nothing.
func (l *Listener) Close() error {
	err := l.end()
	l.over.Wait()
	return err
}

func (l *Listener) end() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	close(l.done)
	if l.remove && l.isOurs() {
		return errors.Join(l.now.Close(), os.Remove(l.path))
	}
	return l.now.Close()
}

// isOurs reports whether the file at path is this socket's.
func (l *Listener) isOurs() bool {
	found, err := os.Lstat(l.path)
	return err == nil && l.file != nil && os.SameFile(found, l.file)
}
