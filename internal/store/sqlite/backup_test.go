package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestABackupIsWholePrivateAndTakenWhileAControllerWrites(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	j := mustOpen(t, path, Options{})
	head, lease := fill(t, j, 3)
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 0; n < 20 && err == nil; n++ {
			head, err = j.Append(t.Context(), lease, head.Seq, records(2), nil)
		}
		done <- err
	}()
	reader := mustOpen(t, path, Options{ReadOnly: true})
	folder := t.TempDir()
	for n := range 5 {
		kept := filepath.Join(folder, string(rune('a'+n))+".db")
		saved, err := reader.Backup(t.Context(), kept)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := j.HeadAt(t.Context(), saved.Seq); err != nil || got != saved {
			t.Errorf("the backup ends with %v, the journal has %v, %v", saved, got, err)
		}
		if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup: %v, %v", info, err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if list := entries(t, folder); len(list) != 5 {
		t.Errorf("beside the backups lies %v", list)
	}
}

func TestABackupReplacesNothing(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 2)
	j := mustOpen(t, path, Options{ReadOnly: true})
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Backup(t.Context(), kept); err == nil || !strings.Contains(err.Error(), "name another file") {
		t.Errorf("backup: %v", err)
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "mine" {
		t.Errorf("the file became %q, %v", text, err)
	}
	if _, err := j.Backup(t.Context(), filepath.Join(kept, "x")); err == nil {
		t.Error("a backup below a file")
	}
}

func TestADamagedJournalIsNotBackedUp(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 6)
	tamper(t, path, "UPDATE event SET actor = 'bob' WHERE seq = 3")
	kept := filepath.Join(t.TempDir(), "kept")
	if _, err := mustOpen(t, path, Options{ReadOnly: true}).Backup(t.Context(), kept); err == nil || !strings.Contains(err.Error(), "record 3") {
		t.Errorf("backup: %v", err)
	}
	if _, err := os.Stat(kept); err == nil {
		t.Error("a backup that does not hold was kept")
	}
}

func TestAJournalThatIsPutBackBeginsBeyondEveryKnownGeneration(t *testing.T) {
	t.Parallel()
	j := mustOpen(t, newPath(t), Options{})
	_, lease := fill(t, j, 1)
	if err := j.Leap(t.Context()); err != nil {
		t.Fatal(err)
	}
	next, err := j.Acquire(t.Context(), "other", noon, time.Minute)
	if err != nil || next.Generation != lease.Generation+leap+1 {
		t.Errorf("got %+v after %+v, %v", next, lease, err)
	}
}
