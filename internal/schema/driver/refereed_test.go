package driver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/schema/driver"
	"cutover/internal/schema/native"
	"cutover/internal/testkit"
)

func TestAnAppsOwnMigrationGivesWayToAUserWhoWaitsForItWhileItWaitsForHim(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := pg.NewDatabase(t)
	user, looker := pg.Conn(t, dsn), pg.Conn(t, dsn)
	if _, err := looker.Exec(ctx, "CREATE TABLE version (revision text); INSERT INTO version VALUES ('a'); CREATE TABLE first (x int); CREATE TABLE second (x int)"); err != nil {
		t.Fatal(err)
	}
	if _, err := user.Exec(ctx, "SET deadlock_timeout = '1h'; BEGIN; SELECT FROM second"); err != nil {
		t.Fatal(err)
	}
	psql := func(sql ...string) []string {
		args := []string{"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", dsn}
		for _, s := range sql {
			args = append(args, "-c", s)
		}
		return args
	}
	// The migration goes on once the user waits for it, and would wait long.
	upgrade := psql("BEGIN", "SET deadlock_timeout = '1h'", "ALTER TABLE first ADD y int",
		"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'first'::regclass AND NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$",
		"ALTER TABLE second ADD y int", "UPDATE version SET revision = 'b'", "COMMIT")
	d := &driver.Driver{Errand: func(_ string, _ release.Target, argv []string) (args, env, secrets []string, err error) {
		return argv, nil, nil, nil
	}}
	o := release.SchemaOrder{Release: "r", Database: release.Database{Driver: release.PostgreSQL, URL: dsn, LockTimeout: 10 * time.Minute},
		Schema: release.Schema{Expand: true, Native: release.Native{Upgrade: upgrade, Head: psql("SELECT revision FROM version"), From: "a", To: "b", Timeout: 10 * time.Minute}}}
	done := make(chan error, 1)
	go func() { done <- d.Expand(ctx, o) }()
	testkit.Await(t, "the migration's lock on the first table", func() bool {
		var held bool
		if err := looker.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'first'::regclass AND mode = 'AccessExclusiveLock')").Scan(&held); err != nil {
			t.Fatal(err)
		}
		return held
	})
	if _, err := user.Exec(ctx, "SELECT FROM first"); err != nil {
		t.Errorf("the user was let down: %v", err)
	}
	if err := <-done; !errors.Is(err, native.ErrLockBudget) {
		t.Errorf("the migration: %v", err)
	}
}
