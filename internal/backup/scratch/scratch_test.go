package scratch_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/backup/scratch"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

func connect(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, pg.DSN("postgres")) }

// as returns how another role signs in.
func as(role string) scratch.Connect {
	return func(ctx context.Context) (*pgx.Conn, error) {
		config, err := pgx.ParseConfig(pg.DSN("postgres"))
		if err != nil {
			return nil, err
		}
		config.User = role
		return pgx.ConnectConfig(ctx, config)
	}
}

func run(t *testing.T, sql string) {
	t.Helper()
	if _, err := pg.Conn(t, pg.DSN("postgres")).Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

func exists(t *testing.T, name string) (there bool) {
	t.Helper()
	if err := pg.Conn(t, pg.DSN("postgres")).QueryRow(context.Background(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil {
		t.Fatal(err)
	}
	return there
}

func sweep(t *testing.T, connect scratch.Connect, prefix string) []string {
	t.Helper()
	gone, err := scratch.Sweep(context.Background(), connect, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

func TestADatabaseInUseIsNoLeftoverAndOneGivenUpIs(t *testing.T) {
	t.Parallel()
	pg.NewDatabase(t)
	ctx := context.Background()
	d, err := scratch.Claim(ctx, connect, "in_use_")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Make(ctx, "TEMPLATE template0", "isn't for users"); err != nil {
		t.Fatal(err)
	}
	if gone := sweep(t, connect, "in_use_"); len(gone) != 0 || !exists(t, d.Name) {
		t.Errorf("%v was swept while in use", gone)
	}
	busy := pg.Conn(t, pg.DSN(d.Name))
	if _, err := busy.Exec(ctx, "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if err := d.Drop(); err != nil || exists(t, d.Name) {
		t.Errorf("dropping it with somebody connected: %v", err)
	}
	if err := d.Drop(); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestOnlyWhatBearsAllOurSignsIsSwept(t *testing.T) {
	t.Parallel()
	pg.NewDatabase(t)
	run(t, "CREATE ROLE sweeper LOGIN CREATEDB")
	for _, name := range []string{"signs_0123abcd", "signs_0000aaaa", "signs_1111bbbb", "signs_of_users"} {
		run(t, "CREATE DATABASE "+name)
		t.Cleanup(func() { run(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	}
	run(t, "COMMENT ON DATABASE signs_0123abcd IS 'made by cutover, may be dropped: rehearses'")
	run(t, "COMMENT ON DATABASE signs_0000aaaa IS 'the books of 2024'")
	run(t, "ALTER DATABASE signs_1111bbbb OWNER TO sweeper")
	if gone := sweep(t, connect, "signs_"); !slices.Equal(gone, []string{"signs_0123abcd"}) {
		t.Errorf("swept %v", gone)
	}
	if gone := sweep(t, as("sweeper"), "signs_"); !slices.Equal(gone, []string{"signs_1111bbbb"}) {
		t.Errorf("the other role swept %v", gone)
	}
	if !exists(t, "signs_0000aaaa") || !exists(t, "signs_of_users") {
		t.Error("a database of users is gone")
	}
}

func TestTheHoldersSessionMayEndAndTheDatabaseGoesAllTheSame(t *testing.T) {
	t.Parallel()
	pg.NewDatabase(t)
	ctx := context.Background()
	d, err := scratch.Claim(ctx, connect, "cut_off_")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Make(ctx, "", "is cut off"); err != nil {
		t.Fatal(err)
	}
	run(t, "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND objid::int8 = hashtext('"+d.Name+"')::int8 & 4294967295")
	if err := d.Drop(); err != nil || exists(t, d.Name) {
		t.Errorf("dropping it: %v", err)
	}
}
