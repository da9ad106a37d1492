package backup_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cutover/internal/backup"
	"cutover/internal/testkit"
)

func TestABackupTakenWhileUsersWriteComesBackAsItsSnapshotWas(t *testing.T) {
	t.Parallel()
	dsn := shop(t)
	ctx, cancel := context.WithCancel(context.Background())
	var written atomic.Int64
	ended := make(chan error, 1)
	conn := pg.Conn(t, dsn)
	go func() {
		for ctx.Err() == nil {
			if _, err := conn.Exec(context.Background(), "WITH a AS (UPDATE users SET name = name || '.' WHERE id % 7 = 0) INSERT INTO users (name, r) VALUES ('more', 1)"); err != nil {
				ended <- err
				return
			}
			written.Add(1)
		}
		ended <- nil
	}()
	testkit.Await(t, "writes", func() bool { return written.Load() > 5 })
	before := written.Load()
	stages := map[backup.Stage]bool{}
	f := backup.Folder{Path: filepath.Join(t.TempDir(), "backups"), Progress: func(p backup.Progress) { stages[p.Stage] = true }}
	b := take(t, f, dsn)
	if during := written.Load() - before; during < 2 {
		t.Fatalf("only %d writes went on during the backup", during)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if rows := b.Content.Rows(); rows < 500 || rows >= int64(count(t, dsn, "SELECT count(*) FROM users")) {
		t.Errorf("%d rows were saved", rows)
	}
	if len(b.Content.Tables) != 4 || b.Content.LargeObjects != 1 {
		t.Errorf("saved %+v, want four tables and a large object", b.Content)
	}
	proven, err := f.Verify(context.Background(), b, server())
	if err != nil {
		t.Fatal(err)
	}
	if proven.Verified == nil || !strings.HasPrefix(b.Server, proven.Verified.Server) {
		t.Errorf("the proof is %+v", proven.Verified)
	}
	if !stages[backup.Dumping] || !stages[backup.Summing] || !stages[backup.Restoring] {
		t.Errorf("told of %v only", stages)
	}
}

func TestABackupLeavesTwoPrivateFilesThatTellNoPassword(t *testing.T) {
	t.Parallel()
	source := guarded(t, secret)
	args := filepath.Join(t.TempDir(), "args")
	f := backup.Folder{Path: filepath.Join(t.TempDir(), "b"), Programs: programs(t, `echo "$@" >>'`+args+`'; exec "$real" "$@"`)}
	b, err := f.Take(context.Background(), source)
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, f.Path); len(got) != 2 {
		t.Errorf("the folder holds %v", got)
	}
	for _, path := range []string{f.Path, b.Path(), filepath.Join(f.Path, b.Name+".json")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %s", path, info.Mode())
		}
	}
	for _, path := range []string{args, filepath.Join(f.Path, b.Name+".json")} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) == 0 || strings.Contains(string(text), secret) || strings.Contains(string(text), "horse") {
			t.Errorf("%s tells the password, or nothing: %s", path, text)
		}
	}
	back, err := f.Open(b.Name)
	if err != nil {
		t.Fatal(err)
	}
	if back.SHA256 != b.SHA256 || back.Content.Rows() != b.Content.Rows() || back.Path() != b.Path() || back.Size == 0 {
		t.Errorf("read back %+v, wrote %+v", back, b)
	}
}

func TestAWrongPasswordIsSaidAndNotShown(t *testing.T) {
	t.Parallel()
	source := guarded(t, "another password")
	f := backup.Folder{Path: t.TempDir()}
	source.Password = secret
	_, err := f.Take(context.Background(), source)
	fails(t, err, "the password was refused")
	source.URL, source.Password = strings.Replace(source.URL, "@", ":"+strings.ReplaceAll(secret, " ", "%20")+"@", 1), ""
	_, err = f.Take(context.Background(), source)
	fails(t, err, "the password was refused")
	_, err = f.Take(context.Background(), backup.Source{URL: "postgres://u:" + secret + "@h%zz/x"})
	fails(t, err, "write it as postgres://")
	if got := files(t, f.Path); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestAMissingProgramIsNamedWithItsPackage(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir(), Programs: t.TempDir()}
	_, err := f.Take(context.Background(), backup.Source{URL: shop(t)})
	fails(t, err, "pg_dump", "install the package postgresql-client-")
}

func TestAProgramOlderThanTheServerIsRefused(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir(), Programs: programs(t, `echo "$(basename "$0") (PostgreSQL) 9.6.24"`)}
	_, err := f.Take(context.Background(), backup.Source{URL: shop(t)})
	fails(t, err, "version 9.6.24, older than the server's", "install the package postgresql-client-")
}

func TestAFullDiskIsSaidAndLeavesNothing(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir()}
	if err := syscall.Mount("tmpfs", f.Path, "tmpfs", 0, "size=16k"); err == nil {
		t.Cleanup(func() {
			if err := syscall.Unmount(f.Path, 0); err != nil {
				t.Error(err)
			}
		})
	} else {
		// Who may not mount writes to the device that is always full.
		f.Programs = programs(t, `case "$*" in *--version*) exec "$real" "$@";; esac; exec "$real" "$@" --file=/dev/full`)
	}
	dsn := shop(t)
	run(t, dsn, "CREATE TABLE noise AS SELECT md5(n::text) || md5((-n)::text) AS t FROM generate_series(1, 5000) n")
	_, err := f.Take(context.Background(), backup.Source{URL: dsn})
	fails(t, err, "the disk is full", "make room")
	if got := files(t, f.Path); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestABackupThatIsCancelledEndsWithAllItStarted(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	f := backup.Folder{Path: t.TempDir(),
		Programs: programs(t, `case "$*" in *--version*) exec "$real" "$@";; esac; sleep 600 & echo $! >'`+pid+`.tmp'; mv '`+pid+`.tmp' '`+pid+`'; wait`)}
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := taking(ctx, f, shop(t))
	testkit.Await(t, "the dump to begin", func() bool { return exists(pid) })
	cancel(errors.New("somebody changed their mind"))
	fails(t, <-ended, "pg_dump was stopped: somebody changed their mind")
	if got := files(t, f.Path); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the end of what it started", func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(text)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

func TestABackupThatTakesTooLongIsStopped(t *testing.T) {
	t.Parallel()
	f := backup.Folder{Path: t.TempDir(), Timeout: time.Millisecond}
	_, err := f.Take(context.Background(), backup.Source{URL: shop(t)})
	fails(t, err, "the time for it is over")
}

func TestATableThatSomebodyChangesIsNamedWhenTheWaitEnds(t *testing.T) {
	t.Parallel()
	dsn := shop(t)
	conn := pg.Conn(t, dsn)
	if _, err := conn.Exec(context.Background(), "BEGIN; LOCK TABLE users"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := taking(ctx, backup.Folder{Path: t.TempDir()}, dsn)
	testkit.Await(t, "the backup to wait", func() bool {
		return count(t, dsn, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass") == 1
	})
	cancel()
	fails(t, <-ended, `keep "public"."users" as it is`)
}

// taking takes a backup in the background.
func taking(ctx context.Context, f backup.Folder, dsn string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := f.Take(ctx, backup.Source{URL: dsn})
		ended <- err
	}()
	return ended
}

// guarded makes a database and a user who needs a password, and returns the
// way in with it.
func guarded(t *testing.T, password string) backup.Source {
	t.Helper()
	dsn := shop(t)
	name := strings.TrimPrefix(strings.SplitN(dsn, "?", 2)[0], "postgres:///")
	admin := pg.DSN("postgres")
	role := "guarded_" + name
	run(t, admin, "CREATE ROLE "+role+" LOGIN SUPERUSER PASSWORD '"+password+"'")
	t.Cleanup(func() { run(t, admin, "DROP ROLE "+role) })
	var path string
	if err := pg.Conn(t, admin).QueryRow(context.Background(), "SHOW hba_file").Scan(&path); err != nil {
		t.Fatal(err)
	}
	guarding.Lock()
	defer guarding.Unlock()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("host all "+role+" 127.0.0.1/32 scram-sha-256\n"), old...), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, admin, "SELECT pg_reload_conf()")
	source := backup.Source{URL: strings.Replace(pg.LoopbackDSN(name), "postgres@", role+"@", 1), Password: password}
	testkit.Await(t, "the new rule", func() bool {
		_, err := backup.Folder{Path: t.TempDir()}.Take(context.Background(), backup.Source{URL: source.URL, Password: "no such"})
		return err != nil && strings.Contains(err.Error(), "was refused")
	})
	return source
}
