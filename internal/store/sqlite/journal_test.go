package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/audit"
	"cutover/internal/store"
	"cutover/internal/store/storetest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)

func TestTheJournalInAFileKeepsThePromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		path := newPath(t)
		return func(t *testing.T) storetest.Store { return mustOpen(t, path, Options{}) }
	})
}

func TestAJournalOutlivesItsController(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	head := written(t, path, 5)
	j := mustOpen(t, path, Options{})
	if got, err := j.Verify(t.Context()); err != nil || got != head {
		t.Errorf("verified %v, %v, want %v", got, err, head)
	}
	if _, err := j.Acquire(t.Context(), "other", noon, time.Minute); err == nil {
		t.Error("the lease was free after a mere reopening")
	}
	lease, err := j.Acquire(t.Context(), "other", noon.Add(time.Hour), time.Minute)
	if err != nil || lease.Generation != 2 {
		t.Errorf("got lease %+v, %v, want generation 2", lease, err)
	}
}

func TestRecordsCannotBeChangedThroughSQL(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	head := written(t, path, 3)
	db := raw(t, path)
	for _, attempt := range []string{
		"UPDATE event SET actor = 'nobody' WHERE seq = 2",
		"UPDATE OR REPLACE event SET seq = 3 WHERE seq = 2",
		"DELETE FROM event WHERE seq = 3",
		"DELETE FROM event",
		"INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 2",
		"INSERT INTO event SELECT seq + 10, app, release, type, version, at, actor, data, prev_hash, hash FROM event WHERE seq = 3",
		"UPDATE lease SET generation = 0",
		"DELETE FROM lease",
	} {
		if _, err := db.ExecContext(t.Context(), attempt); err == nil || !strings.Contains(err.Error(), "never") && !strings.Contains(err.Error(), "only grows") {
			t.Errorf("%s: %v", attempt, err)
		}
	}
	db.Close()
	if got, err := mustOpen(t, path, Options{}).Verify(t.Context()); err != nil || got != head {
		t.Errorf("verified %v, %v, want %v", got, err, head)
	}
}

func TestACommitIsOnDiskBeforeAppendReturns(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, newPath(t), Options{})
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "fullfsync": "1", "checkpoint_fullfsync": "1", "busy_timeout": "5000",
	} {
		var got string
		if err := j.writer.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", pragma, got, err, want)
		}
	}
}

func TestOthersCannotReadTheJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "made", "here", "journal.db")
	j := mustOpen(t, path, Options{})
	fill(t, j, 1)
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
	var names []string
	for _, entry := range entries(t, folder) {
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
		names = append(names, entry.Name())
	}
	if got, want := strings.Join(names, " "), "journal.checkpoint journal.db journal.db-shm journal.db-wal"; got != want {
		t.Errorf("the folder has %q, want %q", got, want)
	}
}

func TestAPathIsNotTakenForOptions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a?mode=memory&x #%41 ü.db")
	head := written(t, path, 2)
	if got, err := mustOpen(t, path, Options{ReadOnly: true}).Head(t.Context()); err != nil || got != head {
		t.Errorf("head is %v, %v, want %v", got, err, head)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestAReaderCannotWrite(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 2)
	j := mustOpen(t, path, Options{ReadOnly: true})
	if _, err := j.Append(t.Context(), store.Lease{Owner: "test", Generation: 1}, 2, records(1), nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
	if _, err := j.Acquire(t.Context(), "b", noon, time.Minute); !errors.Is(err, ErrReadOnly) {
		t.Errorf("acquire: %v", err)
	}
	if _, err := j.reader.ExecContext(t.Context(), "DELETE FROM state"); err == nil {
		t.Error("the reader's connection can write")
	}
}

func TestAnAppendWaitsForALockNoLongerThanBusy(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	j := mustOpen(t, path, Options{Busy: 20 * time.Millisecond})
	head, lease := fill(t, j, 1)
	tx := lock(t, path)
	_, err := j.Append(t.Context(), lease, head.Seq, records(1), nil)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "fuser") {
		t.Errorf("append beside a lock: %v", err)
	}
	if got, err := j.Verify(t.Context()); err != nil || got != head {
		t.Errorf("a lock keeps readers out: %v, %v", got, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(t.Context(), lease, head.Seq, records(1), nil); err != nil {
		t.Errorf("append after the lock: %v", err)
	}
}

// ----- what the tests of this package share -----

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "journal.db") }

func mustOpen(t *testing.T, path string, o Options) *Journal {
	t.Helper()
	j, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return j
}

func records(n int) []store.Record {
	list := make([]store.Record, n)
	for i := range list {
		list[i] = store.Record{
			App: "shop", Release: fmt.Sprint("shop-", i%3), Type: "tested", Version: 1,
			At: noon.Add(time.Duration(i)), Actor: "ann", Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)),
		}
	}
	return list
}

// fill takes the lease and appends n records, each with the app's state.
func fill(t *testing.T, j *Journal, n int) (store.Head, store.Lease) {
	t.Helper()
	lease, err := j.Acquire(t.Context(), "test", noon, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	head, err := j.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records(n) {
		states := []store.State{{Key: "app/shop", Body: r.Data}}
		if head, err = j.Append(t.Context(), lease, head.Seq, []store.Record{r}, states); err != nil {
			t.Fatal(err)
		}
	}
	return head, lease
}

// written makes a journal of n records and closes it.
func written(t *testing.T, path string, n int) store.Head {
	t.Helper()
	j, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	head, _ := fill(t, j, n)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return head
}

// raw opens the file as any other program would.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// lock holds the write lock until the transaction is rolled back.
func lock(t *testing.T, path string) *sql.Tx {
	t.Helper()
	db := raw(t, path+"?_txlock=immediate")
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tx.Rollback() })
	return tx
}

func entries(t *testing.T, folder string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func checkpointOf(t *testing.T, path string) store.Head {
	t.Helper()
	head, found, err := audit.CheckpointOf(path).Load()
	if err != nil || !found {
		t.Fatalf("checkpoint: found %v, %v", found, err)
	}
	return head
}
