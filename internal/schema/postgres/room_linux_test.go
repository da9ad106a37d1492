package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/postgres"
	pgtest "cutover/internal/testkit/postgres"
)

// smallDisk mounts a file system of some KiB that the server may write to, and
// returns its folder and what changes its size. Only root may mount.
func smallDisk(t *testing.T, kib int64) (folder string, resize func(kib int64)) {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "cutover-room-")
	must(t, "making a folder", err)
	mount := func(flags uintptr, kib int64) {
		t.Helper()
		must(t, "mounting a small disk", syscall.Mount("none", folder, "tmpfs", flags, "mode=0777,size="+strconv.FormatInt(kib, 10)+"k"))
	}
	mount(0, kib)
	t.Cleanup(func() {
		if err := errors.Join(syscall.Unmount(folder, syscall.MNT_DETACH), os.Remove(folder)); err != nil {
			t.Error(err)
		}
	})
	return folder, func(kib int64) { t.Helper(); mount(syscall.MS_REMOUNT, kib) }
}

func TestAFullDiskStopsTheFillWithoutLossAndItGoesOnWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		limitedFile(t) // the nearest thing that everybody may do
		return
	}
	folder, resize := smallDisk(t, 64<<10)
	server := pgtest.New(t, pgtest.Settings{})
	dsn := server.NewDatabase(t)
	conn := server.Conn(t, dsn)
	data := filepath.Join(folder, "data")
	must(t, "making a folder", os.Mkdir(data, 0o700))
	owner, err := os.Stat(strings.TrimSuffix(value[string](t, conn, "SHOW data_directory"), "/"))
	must(t, "looking for the server's user", err)
	who := owner.Sys().(*syscall.Stat_t)
	must(t, "giving the folder away", os.Chown(data, int(who.Uid), int(who.Gid)))
	run(t, conn, "CREATE TABLESPACE small LOCATION '"+data+"'")
	run(t, conn, strings.Replace(bigTable, "note text);", "note text) TABLESPACE small;", 1))
	run(t, conn, "CHECKPOINT")
	// Hardly anything is left: less than a fill needs, which reuses what it frees.
	var disk syscall.Statfs_t
	must(t, "measuring the disk", syscall.Statfs(folder, &disk))
	resize(int64(disk.Blocks-disk.Bfree)*disk.Bsize>>10 + 96)

	e := engineOn(dsn)
	e.Batch = 1
	at := fillUntilFull(t, e, conn, postgres.ErrNoRoom.Error())
	resize(64 << 10)
	goOn(t, engineOn(dsn), conn, at)
}

// limitedFile lets the engine's own backend write files no larger than the
// table is, and half as much again.
func limitedFile(t *testing.T) {
	t.Helper()
	e, conn, dsn := database(t, bigTable)
	most := value[int64](t, conn, "SELECT pg_relation_size('people') * 3 / 2")
	e.Open = func(ctx context.Context) (*pgx.Conn, error) {
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return nil, err
		}
		limit := syscall.Rlimit{Cur: uint64(most), Max: uint64(most)}
		if _, _, no := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(c.PgConn().PID()), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); no != 0 {
			return nil, no
		}
		return c, nil
	}
	e.Batch = 1
	at := fillUntilFull(t, e, conn, "could not extend file")
	goOn(t, engineOn(dsn), conn, at)
}

// fillUntilFull expects a fill to stop in its middle with the reason, and
// returns where.
func fillUntilFull(t *testing.T, e *postgres.Engine, conn *pgx.Conn, reason string) schema.Position {
	t.Helper()
	must(t, "expand", e.Expand(within(t), bigChange()))
	var at schema.Position
	err := e.Backfill(within(t), bigChange(), schema.Position{}, func(p schema.Progress) error { at = p.Position; return nil })
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Fatalf("the fill on a full disk: %v", err)
	}
	filled := value[int64](t, conn, `SELECT count(*) FROM people WHERE cutover_new_name IS NOT NULL`)
	if at.Page == 0 || filled == 0 || filled == 20000 {
		t.Fatalf("the disk was full at page %d, with %d rows filled: not in the middle", at.Page, filled)
	}
	same(t, conn, "SELECT count(*) FROM people WHERE name = 'first' || id || ' last'", int64(20000))
	if err := e.Contract(within(t), bigChange()); !errors.Is(err, postgres.ErrNotVerified) {
		t.Fatalf("contract on a full disk: %v", err)
	}
	return at
}

// goOn expects the fill to go on where it was, and nothing to be lost.
func goOn(t *testing.T, e *postgres.Engine, conn *pgx.Conn, at schema.Position) {
	t.Helper()
	first := int64(-1)
	must(t, "backfill", e.Backfill(within(t), bigChange(), at, func(p schema.Progress) error {
		if first < 0 {
			first = p.Position.Page - p.Batch
		}
		return nil
	}))
	if first != at.Page {
		t.Errorf("the fill went on at page %d, not %d", first, at.Page)
	}
	must(t, "contract", e.Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
}
