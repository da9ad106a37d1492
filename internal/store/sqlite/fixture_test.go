package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cutover/internal/audit"
	"cutover/internal/store"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)

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
