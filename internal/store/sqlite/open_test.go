package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/store"
)

// refused opens the journal for writing and for reading, and fails the test
// unless both are refused in the same way and the file is left as it was.
func refused(t *testing.T, path string, check func(error)) {
	t.Helper()
	before := digest(t, path)
	for _, o := range []Options{{}, {ReadOnly: true}} {
		j, err := Open(t.Context(), path, o)
		if err == nil {
			j.Close()
			t.Errorf("%+v: it was opened", o)
			continue
		}
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%+v: the error does not name the file: %v", o, err)
		}
		check(err)
		if digest(t, path) != before {
			t.Errorf("%+v: the file was changed", o)
		}
	}
}

func is(t *testing.T, want error, texts ...string) func(error) {
	return func(err error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
			return
		}
		for _, text := range texts {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%q is not in %v", text, err)
			}
		}
	}
}

func TestAFileThatIsNoDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"short": "hello", "long": strings.Repeat("not a database\n", 1000), "zeros": string(make([]byte, 8192)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, path, is(t, ErrForeign, "nothing was changed"))
		})
	}
}

func TestTheDatabaseOfAnotherProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string][]string{
		"rollback journal": {"CREATE TABLE event (x)", "INSERT INTO event VALUES (1)"},
		"wal":              {"PRAGMA journal_mode = wal", "CREATE TABLE t (x)"},
		"marked":           {"PRAGMA application_id = 12345", "CREATE TABLE t (x)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			foreign(t, path, statements...)
			refused(t, path, is(t, ErrForeign, "another program", "nothing was changed"))
		})
	}
}

func foreign(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := raw(t, path)
	for _, s := range statements {
		mustExec(t, db, s)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheJournalOfANewerProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 2)
	foreign(t, path, "PRAGMA user_version = 99")
	refused(t, path, is(t, ErrNewer, "schema 99", "use the newer cutover"))
}

func TestAChangedSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ statement, reason string }{
		{"DROP TABLE event", "table event is missing"},
		{"DROP TABLE state", "table state is missing"},
		{"DROP TRIGGER event_update", "trigger event_update is missing"},
		{"DROP INDEX event_by_release", "index event_by_release is missing"},
		{"ALTER TABLE state ADD COLUMN note TEXT", "table state was altered"},
		{"PRAGMA user_version = 0", "schema version is 0"},
	} {
		t.Run(c.statement, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			written(t, path, 2)
			foreign(t, path, c.statement)
			refused(t, path, func(err error) { corrupt(t, err, path, 0, c.reason) })
		})
	}
}

func TestAnEmptyFileIsNotTakenForANewJournal(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, path, func(err error) { corrupt(t, err, path, 0, "empty") })
}

func TestATruncatedFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]func(size int64) int64{
		"within the first page": func(int64) int64 { return 2000 },
		"after the first page":  func(int64) int64 { return 4096 },
		"the last page gone":    func(size int64) int64 { return size - 4096 },
		"half a page gone":      func(size int64) int64 { return size - 2048 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			written(t, path, 50)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, keep(info.Size())); err != nil {
				t.Fatal(err)
			}
			before := digest(t, path)
			_, err = Open(t.Context(), path, Options{})
			corrupt(t, err, path, damagedRecord(err), "damaged")
			if digest(t, path) != before {
				t.Error("the refused file was changed")
			}
			_, err = verifyOnly(t, path)
			corrupt(t, err, path, damagedRecord(err), "damaged")
		})
	}
}

// damagedRecord is the record err names, if any: which one it is depends on
// the page that is gone.
func damagedRecord(err error) int64 {
	if bad := new(store.CorruptError); errors.As(err, &bad) {
		return bad.Seq
	}
	return 0
}

func verifyOnly(t *testing.T, path string) (store.Head, error) {
	j, err := Open(t.Context(), path, Options{ReadOnly: true})
	if err != nil {
		return store.Head{}, err
	}
	defer j.Close()
	return j.Verify(t.Context())
}

func TestAJournalThatIsGoneIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 3)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {ReadOnly: true}} {
		_, err := Open(t.Context(), path, o)
		corrupt(t, err, path, 1, "missing")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was put in its place: %v", err)
	}
}

func TestAReaderMakesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "journal.db")
	if _, err := Open(t.Context(), path, Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

func TestAFolderInThePlaceOfTheFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {ReadOnly: true}} {
		_, err := Open(t.Context(), path, o)
		is(t, ErrForeign, path, "name another path")(err)
	}
	if list := entries(t, path); len(list) != 0 {
		t.Errorf("the folder got %v", list)
	}
}

func TestAFolderThatCannotBeWrittenIsNamed(t *testing.T) {
	t.Parallel()
	folder := unwritable(t)
	path := filepath.Join(folder, "journal.db")
	_, err := Open(t.Context(), path, Options{})
	if err == nil || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), "name another path") {
		t.Errorf("open: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), filepath.Join(file, "journal.db"), Options{})
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "name another path") {
		t.Errorf("open below a file: %v", err)
	}
}

// unwritable returns a folder this user cannot write to. Permissions do not
// hold for root, but the kernel lets nobody make files among its own.
func unwritable(t *testing.T) string {
	if os.Geteuid() == 0 {
		return "/proc/self"
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestALockedJournalIsReportedAndLeftAlone(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	head := written(t, path, 2)
	tx := lock(t, path)
	_, err := Open(t.Context(), path, Options{Busy: 20 * time.Millisecond})
	is(t, ErrLocked, path, "fuser")(err)
	if got, err := mustOpen(t, path, Options{ReadOnly: true}).Verify(t.Context()); err != nil || got != head {
		t.Errorf("a lock keeps readers out: %v, %v", got, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, path, Options{Busy: 20 * time.Millisecond})
}

func TestAnExclusiveLockIsReportedToReaders(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 2)
	db := raw(t, path)
	// The whole file, as tools that repair or compact it take it.
	mustExec(t, db, "PRAGMA locking_mode = exclusive")
	mustExec(t, db, "BEGIN IMMEDIATE")
	for _, o := range []Options{{Busy: 20 * time.Millisecond}, {Busy: 20 * time.Millisecond, ReadOnly: true}} {
		_, err := Open(t.Context(), path, o)
		is(t, ErrLocked, path, "fuser")(err)
	}
}

func TestOpeningHeedsItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := newPath(t)
	if _, err := Open(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	if list := entries(t, filepath.Dir(path)); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

func TestOfManyWhoBeginAJournalAllGetTheSame(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			j, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer j.Close()
			lease, err := j.Acquire(t.Context(), "shared", noon, time.Minute)
			if err != nil {
				t.Errorf("acquire: %v", err)
				return
			}
			for err = store.ErrConflict; errors.Is(err, store.ErrConflict); {
				var head store.Head
				if head, err = j.Head(t.Context()); err == nil {
					_, err = j.Append(t.Context(), lease, head.Seq, records(1), nil)
				}
			}
			if err != nil {
				t.Errorf("append: %v", err)
			}
		})
	}
	all.Wait()
	if got, err := mustOpen(t, path, Options{}).Verify(t.Context()); err != nil || got.Seq != 4 {
		t.Errorf("verified %v, %v, want 4 records", got, err)
	}
}
