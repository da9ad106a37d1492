package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cutover/internal/store"
)

func headAt(seq int64) store.Head {
	return store.Head{Seq: seq, Hash: strings.Repeat("ab", 32)}
}

func load(t *testing.T, f CheckpointFile) store.Head {
	t.Helper()
	head, found, err := f.Load()
	if err != nil || !found {
		t.Fatalf("load: found %v, %v", found, err)
	}
	return head
}

func TestACheckpointLiesBesideItsJournal(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]CheckpointFile{
		"/a/journal.db": "/a/journal.checkpoint", "/a.b/journal": "/a.b/journal.checkpoint",
	} {
		if got := CheckpointOf(path); got != want {
			t.Errorf("the checkpoint of %s is %s, want %s", path, got, want)
		}
	}
}

func TestACheckpointOnlyAdvances(t *testing.T) {
	t.Parallel()
	f := CheckpointFile(filepath.Join(t.TempDir(), "journal.checkpoint"))
	if _, found, err := f.Load(); found || err != nil {
		t.Fatalf("no file: found %v, %v", found, err)
	}
	for _, c := range []struct{ to, want int64 }{{3, 3}, {7, 7}, {5, 7}, {7, 7}, {8, 8}} {
		if err := f.Advance(headAt(c.to)); err != nil {
			t.Fatal(err)
		}
		if got := load(t, f); got != headAt(c.want) {
			t.Errorf("advanced to %d it says %v, want %d", c.to, got, c.want)
		}
	}
	info, err := os.Stat(string(f))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWhatIsNoCheckpointIsNeitherBelievedNorReplaced(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	for _, text := range []string{
		"", "\x00\x00", "{}", `{"format":"cutover/checkpoint/v1"}`,
		`{"format":"cutover/checkpoint/v2","seq":1,"hash":"` + hash + `"}`,
		`{"format":"cutover/checkpoint/v1","seq":-1,"hash":"` + hash + `"}`,
		`{"format":"cutover/checkpoint/v1","seq":1,"hash":"` + hash[2:] + `"}`,
		`{"format":"cutover/checkpoint/v1","seq":1,"hash":"` + hash + `"} {}`,
	} {
		f := CheckpointFile(filepath.Join(t.TempDir(), "journal.checkpoint"))
		if err := os.WriteFile(string(f), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var bad *store.CorruptError
		if _, _, err := f.Load(); !errors.As(err, &bad) || bad.Place != string(f) || !strings.Contains(bad.Cure, "move it aside") {
			t.Errorf("%q: load: %v", text, err)
		}
		if err := f.Advance(headAt(9)); !errors.As(err, &bad) {
			t.Errorf("%q: advance: %v", text, err)
		}
		if got, err := os.ReadFile(string(f)); err != nil || string(got) != text {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}

func TestACheckpointIsNeverSeenHalfWritten(t *testing.T) {
	t.Parallel()
	f := CheckpointFile(filepath.Join(t.TempDir(), "journal.checkpoint"))
	if err := f.Advance(headAt(1)); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for writer := range int64(3) {
		all.Go(func() {
			for n := range int64(20) {
				if err := f.Advance(headAt(2 + 3*n + writer)); err != nil {
					t.Errorf("advance: %v", err)
				}
				if _, found, err := f.Load(); err != nil || !found {
					t.Errorf("load beside writers: found %v, %v", found, err)
				}
			}
		})
	}
	all.Wait()
	list, err := os.ReadDir(filepath.Dir(string(f)))
	if err != nil || len(list) != 1 {
		t.Errorf("left in the folder: %v, %v", list, err)
	}
}

func TestACheckpointThatCannotBeWrittenLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := CheckpointFile(filepath.Join(folder, "journal.checkpoint"))
	// A rename cannot replace a folder that has something in it, nor can it
	// be read as a file.
	if err := os.MkdirAll(filepath.Join(string(f), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Advance(headAt(1)); err == nil || !strings.Contains(err.Error(), string(f)) {
		t.Errorf("advance: %v", err)
	}
	if err := f.replace([]byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if list, err := os.ReadDir(folder); err != nil || len(list) != 1 {
		t.Errorf("left in the folder: %v, %v", list, err)
	}
}
