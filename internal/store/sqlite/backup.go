package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cutover/internal/store"
)

// Backup writes the journal as it is in one instant to a new file at path,
// for its owner only, and returns the head it has. It may run while a
// controller writes. The file appears only when it is complete, verified and on
// disk; one that exists is never replaced. The folder must exist.
func (j *Journal) Backup(ctx context.Context, path string) (store.Head, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return store.Head{}, fmt.Errorf("back up the journal: %s exists already, and a backup replaces nothing: name another file", path)
	}
	site, err := os.MkdirTemp(filepath.Dir(path), ".journal-backup-*")
	if err != nil {
		return store.Head{}, fmt.Errorf("back up the journal: %w: name a file in a folder that exists and that this user may write", err)
	}
	defer os.RemoveAll(site)
	built := filepath.Join(site, "journal.db")
	if err := j.Copy(ctx, built); err != nil {
		return store.Head{}, err
	}
	head, err := verified(ctx, built)
	if err != nil {
		return store.Head{}, fmt.Errorf("back up the journal: the copy does not hold: %w", err)
	}
	if err := errors.Join(syncFile(built), os.Link(built, path), syncFolder(filepath.Dir(path))); err != nil {
		return store.Head{}, fmt.Errorf("back up the journal: %w", err)
	}
	return head, nil
}

// Copy writes the journal as it is in one instant to a new file at path, whose
// folder must be private. It verifies nothing.
func (j *Journal) Copy(ctx context.Context, path string) error {
	return explain(ctx, "copy the journal", j.path, j.copyTo(ctx, path))
}

// copyTo writes all that one instant shows into a file of its own.
func (j *Journal) copyTo(ctx context.Context, path string) error {
	// SQLite fills an empty file, and leaves its mode.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	db, err := open(j.path, 1, "ro", "deferred", 5*time.Second)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}

// verified checks a journal from its first record to its last.
func verified(ctx context.Context, path string) (store.Head, error) {
	j, err := Open(ctx, path, Options{ReadOnly: true})
	if err != nil {
		return store.Head{}, err
	}
	head, err := j.Verify(ctx)
	return head, errors.Join(err, j.Close())
}

// syncFile brings a file that no SQLite has open to the disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// HeadAt returns the head that the journal had at a record from 1 to the
// present head's. It is a *store.CorruptError if that record is missing.
func (j *Journal) HeadAt(ctx context.Context, seq int64) (store.Head, error) {
	head, err := headAt(ctx, j.reader, seq)
	return head, explain(ctx, "read the journal", j.path, err)
}
