package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/store"
	"cutover/internal/store/storetest"
)

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
