package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/schema/postgres"
	"cutover/internal/testkit"
)

func TestAMigrationGivesWayInADeadlockWithAUserHoweverLongItMayWait(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	user, migration, looker := pg.Conn(t, dsn), pg.Conn(t, dsn), pg.Conn(t, dsn)
	run(t, looker, "CREATE TABLE a (x int); CREATE TABLE b (x int)")
	// Neither session looks for a deadlock by itself.
	run(t, user, "SET deadlock_timeout = '1h'; BEGIN; SELECT FROM b")
	run(t, migration, "SET deadlock_timeout = '1h'; SET application_name = 'the migration'; BEGIN; ALTER TABLE a ADD y int")

	stop := refereed(t, dsn)
	read := make(chan error, 1)
	go func() { _, err := user.Exec(within(t), "SELECT FROM a"); read <- err }()
	testkit.Await(t, "a user who waits for the migration", func() bool {
		var waiting int
		if err := looker.QueryRow(within(t), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		return waiting == 1
	})
	_, err := migration.Exec(within(t), "ALTER TABLE b ADD y int")
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "57014" {
		t.Fatalf("the migration was not cancelled: %v", err)
	}
	run(t, migration, "ROLLBACK")
	if err := <-read; err != nil {
		t.Errorf("the user was let down: %v", err)
	}
	if n := stop(); n != 1 {
		t.Errorf("%d statements were cancelled", n)
	}
}

func TestAMigrationThatOnlyWaitsIsLeftAlone(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	user, migration, looker := pg.Conn(t, dsn), pg.Conn(t, dsn), pg.Conn(t, dsn)
	run(t, looker, "CREATE TABLE a (x int)")
	run(t, user, "BEGIN; SELECT FROM a")
	run(t, migration, "SET application_name = 'the migration'; SET lock_timeout = '500ms'")
	stop := refereed(t, dsn)
	_, err := migration.Exec(t.Context(), "ALTER TABLE a ADD y int")
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "55P03" {
		t.Errorf("the lock timeout did not end it: %v", err)
	}
	if n := stop(); n != 0 {
		t.Errorf("%d statements were cancelled", n)
	}
}

// refereed has a referee watch over "the migration" until stop is called, which
// returns how many statements were cancelled.
func refereed(t *testing.T, dsn string) (stop func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	looked := make(chan int, 1)
	go func() {
		n, err := postgres.Referee{Open: func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, dsn) }, Name: "the migration"}.Watch(ctx)
		if err != nil {
			t.Error(err)
		}
		looked <- n
	}()
	return func() int { cancel(); return <-looked }
}
