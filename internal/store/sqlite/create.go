package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// create makes an empty journal at path: complete or not at all, whenever it
// is killed. If another process is faster, its journal stays.
func create(ctx context.Context, path string, busy time.Duration, steps []string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make a folder for the journal: %w: name another path, or give this user the right to write there", err)
	}
	site, err := os.MkdirTemp(folder, unfinished(path)+"*")
	if err != nil {
		return fmt.Errorf("create the journal %s: %w: name another path, or give this user the right to write there", path, err)
	}
	defer os.RemoveAll(site)
	built := filepath.Join(site, "journal.db")
	if err := build(ctx, built, busy, steps); err != nil {
		return explain(ctx, "create the journal", path, err)
	}
	if err := place(built, path); err != nil {
		return fmt.Errorf("create the journal %s: %w", path, err)
	}
	return nil
}

// build writes the file and closes it, which brings everything from the WAL
// into it.
func build(ctx context.Context, path string, busy time.Duration, steps []string) error {
	// SQLite gives its side files the mode of this one.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	db, err := openWriter(path, busy)
	if err != nil {
		return err
	}
	if err := errors.Join(migrate(ctx, db, steps), db.Close()); err != nil {
		return err
	}
	if _, err := os.Lstat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("the new journal could not be completed: try again")
	}
	return nil
}

// place gives the file its name, never taking it from another one. A rename
// would replace a journal that another process put there meanwhile.
func place(built, path string) error {
	err := os.Link(built, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w: keep the journal on a local disk", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the new name outlive a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
