package snapshot_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"cutover/internal/release"
	"cutover/internal/snapshot"
)

func open(t *testing.T) (*snapshot.Folder, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snapshots")
	f, err := snapshot.New(path)
	if err != nil {
		t.Fatal(err)
	}
	return f, path
}

func TestWhatWasSavedIsReadBackByItsDigest(t *testing.T) {
	t.Parallel()
	f, _ := open(t)
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 4096).Draw(t, "content")
		file, err := f.Save("app.conf", content)
		if err != nil {
			t.Fatal(err)
		}
		want := release.File{Name: "app.conf", Digest: snapshot.Digest(content), Bytes: int64(len(content))}
		if file != want {
			t.Fatalf("saved as %+v; want %+v", file, want)
		}
		r, err := f.Open(file.Digest)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("read %q, %v; want %q", got, err, content)
		}
	})
}

func TestTheDigestIsTheKnownSHA256(t *testing.T) {
	t.Parallel()
	// The first example of FIPS 180-2, appendix B.
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := snapshot.Digest([]byte("abc")); got != want {
		t.Fatalf("digest %s; want %s", got, want)
	}
}

func TestSnapshotsArePrivate(t *testing.T) {
	t.Parallel()
	f, path := open(t)
	file, err := f.Save("app.conf", []byte("password"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o700, filepath.Join(path, file.Digest): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestAChangedSnapshotIsRefusedAndRepairedBySavingAgain(t *testing.T) {
	t.Parallel()
	f, path := open(t)
	file, err := f.Save("app.conf", []byte("workers = 4"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, file.Digest), []byte("workers = 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(file.Digest); !errors.Is(err, snapshot.ErrChanged) {
		t.Fatalf("open a changed snapshot: %v; want ErrChanged", err)
	}
	if _, err := f.Save("app.conf", []byte("workers = 4")); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Read(file.Digest); err != nil || string(got) != "workers = 4" {
		t.Fatalf("read %q, %v after saving again", got, err)
	}
}

func TestOnlyADigestNamesASnapshot(t *testing.T) {
	t.Parallel()
	f, path := open(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "other"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, digest := range []string{"", "../other", strings.Repeat("A", 64), strings.Repeat("a", 63), strings.Repeat("a", 65)} {
		if _, err := f.Open(digest); err == nil || !strings.Contains(err.Error(), "not a SHA-256") {
			t.Errorf("Open(%q): %v; want it refused as a digest", digest, err)
		}
	}
	if _, err := f.Open(strings.Repeat("a", 64)); !errors.Is(err, snapshot.ErrMissing) {
		t.Errorf("open what was never saved: %v; want ErrMissing", err)
	}
}

func TestAFileTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	f, _ := open(t)
	if _, err := f.Save("core.dump", make([]byte, snapshot.MaxBytes+1)); err == nil || !strings.Contains(err.Error(), "core.dump") {
		t.Fatalf("save too much: %v; want an error that names the file", err)
	}
}

func TestManyMaySaveTheSameContentAtOnce(t *testing.T) {
	t.Parallel()
	f, path := open(t)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			file, err := f.Save("app.conf", []byte("the same"))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := f.Read(file.Digest); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 {
		t.Fatalf("the folder has %v, %v; want one snapshot", entries, err)
	}
}
