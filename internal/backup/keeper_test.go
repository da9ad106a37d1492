package backup_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cutover/internal/backup"
	"cutover/internal/release"
)

func order(t *testing.T, dsn, key string) release.BackupOrder {
	t.Helper()
	t.Setenv("SHOP_TEST_DSN", dsn)
	return release.BackupOrder{Stamp: release.Stamp{App: "shop", Key: key}, Release: "r2",
		Database: release.Database{Driver: release.PostgreSQL, URL: "env:SHOP_TEST_DSN"},
		Backup:   release.Backup{Before: release.Expanding, Keep: 1, KeepFor: time.Nanosecond}}
}

func TestABackupIsTakenOnceForEachKeyAndProvenIfAskedFor(t *testing.T) {
	dsn := shop(t)
	k := backup.Keeper{Path: t.TempDir()}
	o := order(t, dsn, "r2/5")
	o.Backup.Verify = true
	first, err := k.Take(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if first.Rows != int64(count(t, dsn, "SELECT 505")) || !first.Verified || first.Bytes == 0 {
		t.Errorf("saved is %+v", first)
	}
	again, err := k.Take(context.Background(), o)
	if err != nil || again != first {
		t.Errorf("the second time it is %+v, %v; want the very same", again, err)
	}
	if all, err := k.Of("shop").List(); err != nil || len(all) != 1 {
		t.Errorf("%d backups are there, %v; want one", len(all), err)
	}
}

func TestABackupThatAReleaseNeedsOutlivesTheRetention(t *testing.T) {
	dsn := shop(t)
	k := backup.Keeper{Path: t.TempDir()}
	var names []string
	for _, key := range []string{"r1/5", "r2/5", "r3/5"} {
		saved, err := k.Take(context.Background(), order(t, dsn, key))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, saved.Name)
		k.Needed = func(_, name string) bool { return name == names[0] }
	}
	all, err := k.Of("shop").List()
	if err != nil || len(all) != 2 {
		t.Fatalf("%d backups are left, %v; want the newest and the one that is needed", len(all), err)
	}
	for _, b := range all {
		if b.Name == names[1] {
			t.Errorf("%s is left, which nobody needs", b.Name)
		}
	}
}

func TestADatabaseThatCannotBeSavedIsRefusedWithTheReason(t *testing.T) {
	o := order(t, "x", "r2/5")
	o.Database.Driver = release.SQLite
	if _, err := (backup.Keeper{Path: t.TempDir()}).Take(context.Background(), o); err == nil || !strings.Contains(err.Error(), "only postgres") {
		t.Errorf("it was answered %v", err)
	}
}
