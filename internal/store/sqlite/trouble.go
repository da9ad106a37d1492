package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"cutover/internal/store"
)

// Errors a caller branches on.
var (
	// ErrLocked means that another process kept the journal locked for the
	// whole of Options.Busy. Nothing was written; it may be tried again.
	ErrLocked = errors.New("another process keeps it locked")
	// ErrForeign means that the file is not a journal of cutover.
	ErrForeign = errors.New("it is not a journal of cutover")
	// ErrNewer means that a newer cutover has changed the journal's schema.
	ErrNewer = errors.New("a newer cutover wrote it")
)

const restore = "put back the last good copy of the journal, with its checkpoint"

// explain turns what SQLite says into what happened to the journal at path
// and what to do about it. A *store.CorruptError gets its place and cure;
// other errors are wrapped with doing.
func explain(ctx context.Context, doing, path string, err error) error {
	if err == nil {
		return nil
	}
	if corrupt := new(store.CorruptError); errors.As(err, &corrupt) {
		return located(corrupt, path)
	}
	if stopped := ctx.Err(); stopped != nil && !errors.Is(err, stopped) {
		return fmt.Errorf("%s %s: %w (%w)", doing, path, stopped, err)
	}
	var trouble *sqlite.Error
	if !errors.As(err, &trouble) {
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
	// The low byte is the kind, the rest its details.
	switch trouble.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%s %s: %w (%w): end the program that has it open, `fuser %s` shows it, and try again", doing, path, ErrLocked, err, path)
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("%s %s: %w, nor any SQLite file: nothing was changed; name another path, or move the file away", doing, path, ErrForeign)
	case lib.SQLITE_CORRUPT:
		return located(&store.CorruptError{Reason: "the file is damaged: " + err.Error()}, path)
	case lib.SQLITE_FULL:
		return fmt.Errorf("%s %s: %w: the disk is full: free some space and try again", doing, path, err)
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Errorf("%s %s: %w: give this user the right to write the file and its folder, or name another path", doing, path, err)
	case lib.SQLITE_IOERR:
		return fmt.Errorf("%s %s: %w: the system refused to read or write the file: look at the disk, its quota and `dmesg`; what was recorded before stays", doing, path, err)
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}

// misread returns err, from scanning a row, as a *store.CorruptError unless
// SQLite itself or the context is to blame: a value of the wrong type cannot
// have been written through the schema.
func misread(ctx context.Context, err error) error {
	var trouble *sqlite.Error
	if err == nil || ctx.Err() != nil || errors.Is(err, sql.ErrNoRows) || errors.As(err, &trouble) {
		return err
	}
	return &store.CorruptError{Reason: "the file is damaged: " + err.Error()}
}

// located says where the journal lies and what to do, unless err already does.
func located(err *store.CorruptError, path string) error {
	if err.Place == "" {
		err.Place = path
	}
	if err.Cure == "" {
		err.Cure = restore
	}
	return err
}
