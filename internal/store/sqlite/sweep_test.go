package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestWhatDeadProcessesLeftIsRemovedOnceItIsOld(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	folder := filepath.Dir(path)
	old := time.Now().Add(-2 * stale)
	for _, name := range []string{".journal.checkpoint-1", ".journal.db-new-1/journal.db", ".journal.checkpoint-2", ".other-1"} {
		file := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".journal.checkpoint-1", ".journal.db-new-1", ".other-1"} {
		if err := os.Chtimes(filepath.Join(folder, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	written(t, path, 1)
	var names []string
	for _, entry := range entries(t, folder) {
		names = append(names, entry.Name())
	}
	if want := []string{".journal.checkpoint-2", ".other-1", "journal.checkpoint", "journal.db"}; !slices.Equal(names, want) {
		t.Errorf("the folder has %q, want %q", names, want)
	}
}
