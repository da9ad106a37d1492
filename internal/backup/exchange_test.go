package backup_test

import (
	"context"
	"strings"
	"testing"

	"cutover/internal/backup"
)

// exchange is a shop whose backup was taken before more was written.
func exchange(t *testing.T) (backup.Exchange, string) {
	t.Helper()
	dsn := shop(t)
	f := backup.Folder{Path: t.TempDir()}
	b := take(t, f, dsn)
	run(t, dsn, "INSERT INTO users (name) SELECT 'after the backup' FROM generate_series(1, 7)")
	return backup.Exchange{Folder: f, Backup: b, Live: backup.Source{URL: dsn}, Key: "shop-v2"}, dsn
}

func (x exchanging) at(want backup.ExchangeStage) {
	x.Helper()
	if got, err := x.Look(context.Background()); err != nil || got != want {
		x.Errorf("the exchange is at stage %d, %v; want %d", got, err, want)
	}
}

type exchanging struct {
	*testing.T
	backup.Exchange
}

func TestABackupTakesThePlaceOfTheDatabaseAndBackAgainWithoutLoss(t *testing.T) {
	t.Parallel()
	plain, dsn := exchange(t)
	x := exchanging{t, plain}
	ctx := context.Background()
	x.at(backup.Untouched)
	for range 2 {
		if err := x.Prepare(ctx); err != nil {
			t.Fatal(err)
		}
		x.at(backup.Prepared)
	}
	if n := count(t, dsn, "SELECT count(*) FROM users"); n != 507 {
		t.Errorf("preparing changed what users see: %d rows", n)
	}
	for range 2 {
		if err := x.Replace(ctx); err != nil {
			t.Fatal(err)
		}
		x.at(backup.Exchanged)
	}
	if n := count(t, dsn, "SELECT count(*) FROM users"); n != 500 {
		t.Errorf("after the exchange there are %d users, want the 500 of the backup", n)
	}
	run(t, dsn, "INSERT INTO users (name) VALUES ('after the exchange')")
	for range 2 {
		if err := x.Back(ctx); err != nil {
			t.Fatal(err)
		}
		x.at(backup.Prepared)
	}
	if n := count(t, dsn, "SELECT count(*) FROM users"); n != 507 {
		t.Errorf("after the way back there are %d users, want the 507 there were", n)
	}
}

func TestAnExchangeEndsConnectionsThatAreLeftAndKeepsSettings(t *testing.T) {
	t.Parallel()
	x, dsn := exchange(t)
	ctx := context.Background()
	left := pg.Conn(t, dsn)
	var database string
	if err := left.QueryRow(ctx, "SELECT current_database()").Scan(&database); err != nil {
		t.Fatal(err)
	}
	run(t, dsn, `ALTER DATABASE "`+database+`" SET work_mem = '7MB'`)
	if err := x.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	if err := x.Replace(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := left.Exec(ctx, "SELECT 1"); err == nil {
		t.Error("a connection to the database that was replaced is still open")
	}
	var mem string
	if err := pg.Conn(t, dsn).QueryRow(ctx, "SHOW work_mem").Scan(&mem); err != nil || mem != "7MB" {
		t.Errorf("work_mem is %q, %v; want the setting of the database that was replaced", mem, err)
	}
}

func TestAnExchangeThatIsNotPreparedIsRefused(t *testing.T) {
	t.Parallel()
	x, dsn := exchange(t)
	if err := x.Replace(context.Background()); err == nil || !strings.Contains(err.Error(), "not restored beside it yet") {
		t.Errorf("it was answered %v", err)
	}
	if err := x.Back(context.Background()); err != nil {
		t.Errorf("the way back from nothing: %v", err)
	}
	if n := count(t, dsn, "SELECT count(*) FROM users"); n != 507 {
		t.Errorf("there are %d users", n)
	}
}
