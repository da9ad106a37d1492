package backup_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cutover/internal/backup"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// aged makes a folder with backups of the given ages in days, named after them.
func aged(t *testing.T, days ...int) backup.Folder {
	t.Helper()
	f := backup.Folder{Path: t.TempDir(), Now: func() time.Time { return noon }}
	for _, d := range days {
		b := backup.Backup{Format: 1, Name: fmt.Sprintf("d%d", d), Database: "shop", Began: noon.AddDate(0, 0, -d)}
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		put(t, f, b.Name+".json", string(data))
		put(t, f, b.Name+".dump", "x")
	}
	return f
}

func put(t *testing.T, f backup.Folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.Path, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPruningKeepsWhatTheRulesOrAReleaseKeep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keep   backup.Retention
		needed string
		want   []string
	}{
		{backup.Retention{}, "", []string{"d1", "d2", "d3", "d9"}},
		{backup.Retention{Last: 2}, "", []string{"d1", "d2"}},
		{backup.Retention{Last: 1}, "d9", []string{"d1", "d9"}},
		{backup.Retention{For: 60 * time.Hour}, "", []string{"d1", "d2"}},
		{backup.Retention{For: time.Hour}, "", []string{"d1"}},
		{backup.Retention{Last: 3, For: 30 * time.Hour}, "", []string{"d1", "d2", "d3"}},
	} {
		f := aged(t, 3, 1, 9, 2)
		removed, err := f.Prune(c.keep, func(b backup.Backup) bool { return b.Name == c.needed })
		if err != nil {
			t.Fatal(err)
		}
		all, err := f.List()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range all {
			got = append(got, b.Name)
		}
		if !slices.Equal(got, c.want) || len(removed)+len(got) != 4 || len(files(t, f.Path)) != 2*len(got) {
			t.Errorf("%+v kept %v, want %v; the folder holds %v", c.keep, got, c.want, files(t, f.Path))
		}
	}
}

func TestPruningWithoutAWordOfTheReleasesIsRefused(t *testing.T) {
	t.Parallel()
	f := aged(t, 1, 2)
	_, err := f.Prune(backup.Retention{Last: 1}, nil)
	fails(t, err, "nobody says")
	if got := files(t, f.Path); len(got) != 4 {
		t.Errorf("the folder holds %v", got)
	}
}

func TestPruningSweepsWhatACrashLeftAndNothingElse(t *testing.T) {
	t.Parallel()
	f := aged(t, 1)
	for name, age := range map[string]time.Duration{".tmp-old": 48 * time.Hour, ".tmp-new": time.Minute, "orphan.dump": 48 * time.Hour,
		"fresh.dump": time.Minute, "notes.txt": 48 * time.Hour, "d1.dump": 48 * time.Hour} {
		put(t, f, name, "x")
		if err := os.Chtimes(filepath.Join(f.Path, name), noon.Add(-age), noon.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Prune(backup.Retention{Last: 1}, func(backup.Backup) bool { return false }); err != nil {
		t.Fatal(err)
	}
	want := []string{".tmp-new", "d1.dump", "d1.json", "fresh.dump", "notes.txt"}
	if got := files(t, f.Path); !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, want %v", got, want)
	}
}
