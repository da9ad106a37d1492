package postgres_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

func TestEveryTestGetsADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	one, two := pg.NewDatabase(t), pg.NewDatabase(t)
	if _, err := pg.Conn(t, one).Exec(ctx, "CREATE TABLE only_here (n int)"); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := pg.Conn(t, two).QueryRow(ctx, "SELECT to_regclass('only_here') IS NOT NULL").Scan(&there); err != nil {
		t.Fatal(err)
	}
	if there {
		t.Error("two tests share one database")
	}
}

func TestAServerIsReachedOverLoopbackToo(t *testing.T) {
	t.Parallel()
	pg.NewDatabase(t)
	var address string
	if err := pg.Conn(t, pg.LoopbackDSN("postgres")).QueryRow(context.Background(), "SELECT host(inet_server_addr())").Scan(&address); err != nil {
		t.Fatal(err)
	}
	if address != "127.0.0.1" {
		t.Errorf("the server listens at %s, want 127.0.0.1", address)
	}
}

func TestWhatWasCommittedSurvivesAKill(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := postgres.New(t, postgres.Settings{Fsync: true})
	dsn := server.NewDatabase(t)
	if _, err := server.Conn(t, dsn).Exec(ctx, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n"); err != nil {
		t.Fatal(err)
	}
	busy := server.Conn(t, dsn)
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(ctx, "SELECT count(*) FROM generate_series(1, 1000000000)")
		ended <- err
	}()
	testkit.Await(t, "a busy backend", func() bool {
		var n int
		err := server.Conn(t, dsn).QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1000000000)'").Scan(&n)
		return err == nil && n == 1
	})
	server.Kill(t)
	if err := <-ended; err == nil {
		t.Error("a query survived the kill")
	}
	server.Restart(t)
	var rows int
	if err := server.Conn(t, dsn).QueryRow(ctx, "SELECT count(*) FROM kept").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if rows != 1000 {
		t.Errorf("%d rows survived, want 1000", rows)
	}
}

func TestAStoppedServerLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var server postgres.Server
	conn := server.Conn(t, server.NewDatabase(t))
	var folder, pid string
	if err := conn.QueryRow(ctx, "SELECT current_setting('data_directory'), pg_backend_pid()::text").Scan(&folder, &pid); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if _, err := os.Stat(strings.TrimSuffix(folder, "/data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	testkit.Await(t, "the end of the server's processes", func() bool {
		_, err := os.Stat("/proc/" + pid)
		return errors.Is(err, os.ErrNotExist)
	})
	if err := conn.Ping(ctx); err == nil {
		t.Error("the stopped server still answers")
	}
}
