package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cutover/internal/backup"
	"cutover/internal/testkit"
)

func TestADumpThatWasCutOrEditedIsFoundOut(t *testing.T) {
	t.Parallel()
	dsn := shop(t)
	for name, harm := range map[string]func([]byte) []byte{
		"cut":    func(b []byte) []byte { return b[:len(b)/2] },
		"edited": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"empty":  func([]byte) []byte { return nil },
	} {
		f := backup.Folder{Path: t.TempDir()}
		b := take(t, f, dsn)
		data, err := os.ReadFile(b.Path())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(b.Path(), harm(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err = f.Verify(context.Background(), b, server()); !errors.Is(err, backup.ErrDamaged) || b.Verified != nil {
			t.Errorf("%s: %v; want it damaged and no proof", name, err)
		}
		if err := f.Restore(context.Background(), b, backup.Source{URL: pg.DSN("never_made")}); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%s: restoring: %v; want it damaged", name, err)
		}
	}
}

// A dump that can be restored without an error may still not hold what it
// should: here it is another one, under the first one's record.
func TestOtherRowsInAWholeDumpAreFoundOut(t *testing.T) {
	t.Parallel()
	dsn := shop(t)
	f := backup.Folder{Path: t.TempDir()}
	first := take(t, f, dsn)
	run(t, dsn, `UPDATE users SET price = price + 0.000001 WHERE id = 7; DELETE FROM logs; DROP TABLE hollow; CREATE TABLE extra (n int)`)
	second := take(t, f, dsn)
	first.SHA256, first.Size = second.SHA256, second.Size
	data, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	dump, err := os.ReadFile(second.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(first.Path(), dump, 0o600), os.WriteFile(filepath.Join(f.Path, first.Name+".json"), data, 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err = f.Verify(context.Background(), first, server())
	if !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("%v; want it damaged", err)
	}
	fails(t, err, `"public"."users" has other values in its 500 rows`, `"logs_1" has 0 rows instead of 1`, `"hollow" is missing`, `"extra" is there and should not be`)
	// Other tests make such databases too, and drop them.
	testkit.Await(t, "the scratch databases to go", func() bool { return databases(t) == 0 })
}

func databases(t *testing.T) int {
	t.Helper()
	return count(t, pg.DSN("postgres"), "SELECT count(*) FROM pg_database WHERE datname LIKE 'cutover\\_verify\\_%'")
}

func TestAProofIsKeptWithTheBackup(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir()}
	b := take(t, f, shop(t))
	if _, err := f.Verify(context.Background(), b, server()); err != nil {
		t.Fatal(err)
	}
	back, err := f.Open(b.Name)
	if err != nil {
		t.Fatal(err)
	}
	if back.Verified == nil || back.Verified.Server == "" || back.Verified.At.IsZero() {
		t.Errorf("the proof was not kept: %+v", back.Verified)
	}
}

func TestARestoreGivesEverythingBackAndTouchesNothingElse(t *testing.T) {
	t.Parallel()
	dsn := shop(t)
	f := backup.Folder{Path: t.TempDir()}
	b := take(t, f, dsn)
	ctx := context.Background()

	fails(t, f.Restore(ctx, b, backup.Source{URL: dsn}), "already has", "name one that is empty")
	if n := count(t, dsn, "SELECT count(*) FROM users"); n != 500 {
		t.Errorf("the refused restore left %d users", n)
	}
	empty, missing := pg.NewDatabase(t), pg.DSN("restored_anew")
	t.Cleanup(func() { run(t, pg.DSN("postgres"), "DROP DATABASE IF EXISTS restored_anew WITH (FORCE)") })
	for _, target := range []string{empty, missing} {
		if err := f.Restore(ctx, b, backup.Source{URL: target}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, target, `SELECT (SELECT count(*) FROM cheap) + (SELECT count(*) FROM "Odd ""one"."Größe") + (SELECT last_value FROM users_id_seq)`); n != 499+3+500 {
			t.Errorf("%s: got %d back", target, n)
		}
	}
}

func TestAnArchiveThatCannotBeReadLeavesNoDatabase(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir(), Programs: programs(t, `case "$*" in *--version*) exec "$real" "$@";; esac; case "$0" in *pg_restore) exec "$real" "$@" --use-list=/nonexistent;; esac; exec "$real" "$@"`)}
	b := take(t, f, shop(t))
	err := f.Restore(context.Background(), b, backup.Source{URL: pg.DSN("half_restored")})
	fails(t, err, "pg_restore", "/nonexistent")
	if n := count(t, pg.DSN("postgres"), "SELECT count(*) FROM pg_database WHERE datname = 'half_restored'"); n != 0 {
		t.Error("the database it made is still there")
	}
}

func TestARecordThatCannotBeReadIsReportedAndHidesNoOther(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir()}
	b := take(t, f, shop(t))
	for name, text := range map[string]string{"torn.json": "{", "newer.json": `{"format": 2, "name": "newer"}`} {
		if err := os.WriteFile(filepath.Join(f.Path, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := f.List()
	fails(t, err, "torn", "newer")
	if len(all) != 1 || all[0].Name != b.Name {
		t.Errorf("listed %v", all)
	}
	if _, err := f.Open("../" + b.Name); err == nil || bytes.Contains([]byte(err.Error()), []byte("no such file")) {
		t.Errorf("a path was taken for a name: %v", err)
	}
}
