package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrHeld means that another proxy runs on the same folder.
var ErrHeld = errors.New("another proxy uses this folder")

// Dir is the folder of one proxy, locked against a second one until Close or
// the end of the process.
type Dir struct {
	// AtStep, if set, is called before each step of Save and after the last,
	// with the name of the file and of the step; tests end the process there.
	AtStep func(file, step string)

	path string
	lock *os.File
	// pending is what the files have to become, nil if they are that; placed
	// says that the main file is.
	pending []byte
	placed  bool
	// sum is the checksum of the table that was loaded or begun last.
	sum string
}

// Open creates the folder with mode 0700 if need be and locks it. It returns
// ErrHeld if another process has it.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create state folder: %w", err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return nil, fmt.Errorf("protect state folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w: stop it, or give this one a folder of its own with --state", path, ErrHeld)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Dir{path: path, lock: lock}, nil
}

// Close gives the folder free. It unlocks by name, for a process that is just
// being forked holds a copy of the descriptor, and with it the lock.
func (d *Dir) Close() error {
	return errors.Join(syscall.Flock(int(d.lock.Fd()), syscall.LOCK_UN), d.lock.Close())
}

// Adopt returns the folder at path with a lock that another process has handed
// over. It belongs to both until one of them calls Release or Close.
func Adopt(path string, lock *os.File) *Dir { return &Dir{path: path, lock: lock} }

// Lock is what to hand over to another process, which is to Adopt it.
func (d *Dir) Lock() syscall.Conn { return d.lock }

// Release lets go of a folder that another process has adopted: the lock is
// not given free.
func (d *Dir) Release() error { return d.lock.Close() }

// Path returns the path of name inside the folder.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }
