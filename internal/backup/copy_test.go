package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"cutover/internal/backup"
	"cutover/internal/testkit"
)

const killed = `case "$*" in *--version*) exec "$real" "$@";; esac; touch "$TMPDIR/mark"; while kill -0 $PPID; do sleep 0.05; done`

// verifyUntilKilled is a process that verifies a backup and gets stuck.
func verifyUntilKilled(ctx context.Context) error {
	f := backup.Folder{Path: os.Getenv("TEST_FOLDER"), Programs: os.Getenv("TEST_PROGRAMS")}
	b, err := f.Open(os.Getenv("TEST_BACKUP"))
	if err != nil {
		return err
	}
	_, err = f.Verify(ctx, b, backup.Source{URL: os.Getenv("TEST_SERVER")})
	return err
}

func TestWhatAKilledVerificationLeavesTheNextOneDrops(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir()}
	b := take(t, f, shop(t))
	stuck := t.TempDir()
	p := testkit.Start(t, "verify", "TEST_FOLDER="+f.Path, "TEST_PROGRAMS="+programs(t, killed), "TEST_BACKUP="+b.Name,
		"TEST_SERVER="+pg.DSN("postgres"), "TMPDIR="+stuck)
	testkit.Await(t, "the restore to begin", func() bool { return exists(filepath.Join(stuck, "mark")) })
	const marked = `SELECT count(*) FROM pg_database WHERE datname LIKE 'cutover\_verify\_%' AND shobj_description(oid, 'pg_database') LIKE '%verifies the backup `
	left := marked + b.Name + `'`
	if n := count(t, pg.DSN("postgres"), left); n != 1 {
		t.Fatalf("%d scratch databases while it runs", n)
	}
	p.Kill()
	testkit.Await(t, "the server to notice", func() bool {
		if _, err := f.Verify(context.Background(), b, server()); err != nil {
			t.Fatal(err)
		}
		return count(t, pg.DSN("postgres"), left) == 0
	})
}

func TestACopyHasEverythingWhileUsersGoOn(t *testing.T) {
	t.Parallel()
	dsn := shop(t)
	user := pg.Conn(t, dsn)
	if _, err := user.Exec(context.Background(), "BEGIN; UPDATE users SET price = 0; SELECT * FROM logs"); err != nil {
		t.Fatal(err)
	}
	for _, owners := range []bool{true, false} {
		to := pg.NewDatabase(t)
		if err := (backup.Folder{}).Copy(context.Background(), backup.Source{URL: dsn}, backup.Source{URL: to}, owners); err != nil {
			t.Fatal(err)
		}
		if n := count(t, to, `SELECT (SELECT count(*) FROM users WHERE price > 0) + (SELECT count(*) FROM "Odd ""one"."Größe")`); n != 503 {
			t.Errorf("the copy has %d rows", n)
		}
	}
}

func TestACopyThatFailsSaysWhichSideAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dsn, to := shop(t), pg.NewDatabase(t)
	run(t, to, "CREATE TABLE users (n int)")
	err := backup.Folder{}.Copy(context.Background(), backup.Source{URL: dsn}, backup.Source{URL: to}, false)
	fails(t, err, "copy the database", "pg_restore", `"users" already exists`)
	if n := count(t, to, "SELECT count(*) FROM pg_class WHERE relname = 'logs'"); n != 0 {
		t.Error("part of the copy is there")
	}
	broken := backup.Folder{Programs: programs(t, `case "$*" in *--version*) exec "$real" "$@";; esac; case "$0" in *pg_dump) echo "no such luck" >&2; exit 3;; esac; exec "$real" "$@"`)}
	fails(t, broken.Copy(context.Background(), backup.Source{URL: dsn}, backup.Source{URL: pg.NewDatabase(t)}, false), "pg_dump", "no such luck")
	stuck := backup.Folder{Programs: programs(t, `case "$*" in *--version*) exec "$real" "$@";; esac; case "$0" in *pg_dump) exec sleep 600;; esac; exec "$real" "$@"`), Timeout: 1e9}
	fails(t, stuck.Copy(context.Background(), backup.Source{URL: dsn}, backup.Source{URL: pg.NewDatabase(t)}, false), "the time for it is over")
}

func TestABackupIsUnpackedOnceItProvesWhole(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir()}
	b := take(t, f, shop(t))
	to := pg.NewDatabase(t)
	if err := f.Unpack(context.Background(), b, backup.Source{URL: to}, true); err != nil {
		t.Fatal(err)
	}
	if n := count(t, to, "SELECT count(*) FROM users"); n != 500 {
		t.Errorf("%d users were unpacked", n)
	}
	if err := os.Truncate(b.Path(), 100); err != nil {
		t.Fatal(err)
	}
	fails(t, f.Unpack(context.Background(), b, backup.Source{URL: pg.NewDatabase(t)}, true), "the dump is damaged")
}
