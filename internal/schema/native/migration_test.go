package native_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"cutover/internal/schema/native"
	"cutover/internal/testkit"
)

func TestAnUpgradeMovesTheRevisionAndADowngradeTakesItBack(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := artefact(t, dsn, usual())
	r, err := m.Up(context.Background(), budget)
	if err != nil {
		t.Fatal(err)
	}
	if r.Before != "one" || r.After != "two" || r.Already || columns(t, dsn, "users") != 3 || !strings.Contains(r.Result.Output, "running up/1.sql") {
		t.Errorf("the upgrade reported %+v", r)
	}
	if r, err = m.Up(context.Background(), budget); err != nil || !r.Already {
		t.Errorf("again: %+v, %v; want it to be there already", r, err)
	}
	if r, err = m.Down(context.Background(), budget); err != nil || r.After != "one" || columns(t, dsn, "users") != 2 {
		t.Errorf("the downgrade reported %+v, %v", r, err)
	}
}

func TestALockThatAUserHoldsEndsTheMigrationWithinTheBudgetAndNothingIsHalfDone(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := artefact(t, dsn, map[string]string{
		"up/1.sql": "CREATE TABLE flags (n int); ALTER TABLE users ADD COLUMN email text; UPDATE version SET revision = 'two';",
	})
	user := pg.Conn(t, dsn)
	if _, err := user.Exec(context.Background(), "BEGIN; SELECT * FROM users"); err != nil {
		t.Fatal(err)
	}
	r, err := m.Up(context.Background(), budget)
	if !errors.Is(err, native.ErrLockBudget) || !strings.Contains(err.Error(), `still says it is at "one"`) {
		t.Fatalf("%v; want it out of the lock budget, and the revision", err)
	}
	if r.Result.ExitCode <= 0 || r.After != "one" {
		t.Errorf("reported %+v", r)
	}
	if columns(t, dsn, "flags") != 0 || columns(t, dsn, "users") != 2 {
		t.Error("part of the migration is there")
	}
	if _, err := user.Exec(context.Background(), "INSERT INTO users VALUES (2, 'b'); COMMIT"); err != nil {
		t.Errorf("the user was disturbed: %v", err)
	}
	if _, err := m.Up(context.Background(), budget); err != nil {
		t.Errorf("the second try, with the lock free: %v", err)
	}
}

func TestAStatementThatTakesTooLongIsEndedByTheServer(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := artefact(t, dsn, map[string]string{"up/1.sql": "ALTER TABLE users ADD COLUMN email text; SELECT pg_sleep(600);"})
	b := budget
	b.StatementTimeout = 300 * time.Millisecond
	if _, err := m.Up(context.Background(), b); !errors.Is(err, native.ErrStatementBudget) {
		t.Errorf("%v; want it out of the statement budget", err)
	}
	if columns(t, dsn, "users") != 2 {
		t.Error("part of the migration is there")
	}
}

func TestAMigrationThatIsKilledHoldsNoLockAnyLonger(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := artefact(t, dsn, map[string]string{"up/1.sql": "ALTER TABLE users ADD COLUMN email text; SELECT pg_sleep(600);"})
	b := native.Budget{LockTimeout: time.Second, Timeout: time.Minute, StatementTimeout: time.Hour, ClientCheck: 50 * time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := m.Up(ctx, b)
		ended <- err
	}()
	conn := pg.Conn(t, dsn)
	testkit.Await(t, "the migration to sleep", func() bool {
		var n int
		err := conn.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'").Scan(&n)
		return err == nil && n == 1
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), `still says it is at "one"`) {
		t.Errorf("%v; want it cancelled, and the revision", err)
	}
	testkit.Await(t, "the table to be free", func() bool {
		_, err := conn.Exec(context.Background(), "SET lock_timeout = '100ms'; SELECT * FROM users")
		return err == nil
	})
	if columns(t, dsn, "users") != 2 {
		t.Error("part of the migration is there")
	}
}

func TestAMigrationThatStopsHalfWaySaysSo(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := artefact(t, dsn, map[string]string{
		"up/1.sql": "ALTER TABLE users ADD COLUMN email text; UPDATE version SET revision = 'one and a half';",
		"up/2.sql": "ALTER TABLE nothing ADD COLUMN email text;",
	})
	r, err := m.Up(context.Background(), budget)
	if err == nil || !strings.Contains(err.Error(), `from "one" to "one and a half": part of it is done`) || !strings.Contains(err.Error(), `"nothing" does not exist`) {
		t.Errorf("%v; want it to say how far it came and why", err)
	}
	if r.After != "one and a half" {
		t.Errorf("reported %+v", r)
	}
	if _, err := m.Up(context.Background(), budget); !errors.Is(err, native.ErrHead) || !strings.Contains(err.Error(), "nothing was run") {
		t.Errorf("again: %v; want it refused", err)
	}
}

func TestAnUpgradeThatEndsWellButElsewhereIsNoUpgrade(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := artefact(t, dsn, map[string]string{"up/1.sql": "UPDATE version SET revision = 'three';"})
	if _, err := m.Up(context.Background(), budget); !errors.Is(err, native.ErrHead) || !strings.Contains(err.Error(), `it is at "three", not at "two"`) {
		t.Errorf("%v; want another revision found", err)
	}
}

func TestTheRevisionOfAlembicIsUnderstood(t *testing.T) {
	t.Parallel()
	m := native.Migration{Upgrade: shell("exit 1"), From: "aaa", To: "bbb",
		Head: shell("echo 'INFO [alembic.runtime] Context impl PostgresqlImpl.' >&2; echo 'bbb (head)'")}
	if r, err := m.Up(context.Background(), budget); err != nil || !r.Already {
		t.Errorf("%+v, %v; want it to be there already", r, err)
	}
	m.To = "bb"
	if _, err := m.Up(context.Background(), budget); !errors.Is(err, native.ErrHead) {
		t.Errorf("%v; want a part of a revision to be another one", err)
	}
}

func TestAMigrationWithoutAWayToTellIsRefused(t *testing.T) {
	t.Parallel()
	for _, m := range []native.Migration{
		{Upgrade: shell("true"), From: "a", To: "b"},
		{Head: shell("echo a"), From: "a", To: "b"},
		{Upgrade: shell("true"), Head: shell("echo a"), From: "a", To: "a"},
		{Upgrade: shell("true"), Head: shell("echo a; exit 3"), From: "a", To: "b"},
	} {
		if r, err := m.Up(context.Background(), budget); err == nil {
			t.Errorf("%+v was run: %+v", m, r)
		}
	}
}
