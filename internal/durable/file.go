// Package durable writes files so that after a crash or a power failure each
// of them has either its old content or its new one, whole.
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// TempPrefix begins the names of files that are being written. One that is
// found after a crash is of no use and may be removed.
const TempPrefix = ".tmp-"

// WriteFile replaces the file at path with data. When it returns nil the new
// content survives a power failure; on an error the old content is untouched.
// The folder must exist.
func WriteFile(path string, data []byte, mode os.FileMode) (err error) {
	folder := filepath.Dir(path)
	temp, err := os.CreateTemp(folder, TempPrefix)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(temp.Name())))
		}
	}()
	if err := fill(temp, data, mode); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return SyncFolder(folder)
}

// SyncFolder makes what was created, renamed or removed in folder survive a
// power failure.
func SyncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

func fill(f *os.File, data []byte, mode os.FileMode) error {
	_, err := f.Write(data)
	return errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
}
