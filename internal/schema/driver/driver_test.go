package driver_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/schema/driver"
	"cutover/internal/snapshot"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

const email = `
operations:
  - add_column:
      table: users
      column: {name: email, type: text}
      up: username || '@example.com'
`

// bench is a database with users in it and a driver that changes it.
type bench struct {
	*testing.T
	dsn    string
	driver *driver.Driver
	order  release.SchemaOrder
}

func onPostgres(t *testing.T, change string, rows int) bench {
	t.Helper()
	dsn := pg.NewDatabase(t)
	b := bench{T: t, dsn: dsn}
	b.exec("CREATE TABLE users (id int PRIMARY KEY, username text)")
	b.exec(fmt.Sprintf("INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, %d) n", rows))
	files, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	saved, err := files.Save("0001_email.yaml", []byte(change))
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(secret, []byte(dsn), 0o600); err != nil {
		t.Fatal(err)
	}
	b.driver = &driver.Driver{Files: files}
	b.order = release.SchemaOrder{Stamp: release.Stamp{App: "shop", Key: "r2/5", Fence: 1}, Release: "r2",
		Database: release.Database{Driver: release.PostgreSQL, URL: "file:" + secret, LockTimeout: 200 * time.Millisecond},
		Schema:   release.Schema{Expand: true, Backfill: true, Contract: true, Change: saved}}
	return b
}

// onSQLite is the same on a SQLite database.
func onSQLite(t *testing.T, change string) bench {
	t.Helper()
	b := bench{T: t}
	files, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	saved, err := files.Save("0001_email.yaml", []byte(change))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	make, err := exec.Command("sqlite3", path, "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT); INSERT INTO users (username) VALUES ('a'), ('b')").CombinedOutput()
	if err != nil {
		t.Fatalf("make a database with sqlite3: %v: %s", err, make)
	}
	b.driver = &driver.Driver{Files: files}
	b.order = release.SchemaOrder{Stamp: release.Stamp{App: "shop", Key: "r2/5", Fence: 1}, Release: "r2",
		Database: release.Database{Driver: release.SQLite, URL: path, LockTimeout: 200 * time.Millisecond},
		Schema:   release.Schema{Expand: true, Backfill: true, Contract: true, Change: saved, Fill: release.Fill{Pace: release.Full}}}
	return b
}

func TestASQLiteDatabaseGoesThroughTheSameStages(t *testing.T) {
	t.Parallel()
	b := onSQLite(t, email)
	ctx := t.Context()
	b.sees(release.SchemaWorld{Known: true})
	if err := b.driver.Check(ctx, b.order); err != nil {
		t.Fatal(err)
	}
	if err := b.driver.Expand(ctx, b.order); err != nil {
		t.Fatal(err)
	}
	b.sees(release.SchemaWorld{Known: true, Expanded: true})
	if err := b.driver.Backfill(ctx, b.filling()); err != nil {
		t.Fatal(err)
	}
	if tables, err := b.driver.Verify(ctx, b.order); err != nil || len(tables) != 1 {
		t.Errorf("verified %v, %v", tables, err)
	}
	b.sees(release.SchemaWorld{Known: true, Expanded: true, Filled: true})
	if err := b.driver.Contract(ctx, b.order); err != nil {
		t.Fatal(err)
	}
	b.sees(release.SchemaWorld{Known: true, Expanded: true, Filled: true, Contracted: true})
}

func (b bench) exec(sql string) {
	b.Helper()
	if _, err := pg.Conn(b.T, b.dsn).Exec(context.Background(), sql); err != nil {
		b.Fatal(err)
	}
}

func (b bench) count(sql string) (n int) {
	b.Helper()
	if err := pg.Conn(b.T, b.dsn).QueryRow(context.Background(), sql).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

func (b bench) sees(want release.SchemaWorld) {
	b.Helper()
	got, err := b.driver.Observe(b.Context(), b.order)
	got.Waits = ""
	if err != nil || got != want {
		b.Errorf("the database shows %+v, %v; want %+v", got, err, want)
	}
}

// filling is a fill that is never paused and says nothing.
func (b bench) filling() release.FillOrder {
	return release.FillOrder{SchemaOrder: b.order, Paused: func() string { return "" }, Progressed: func(release.Progress) error { return nil }}
}

func TestAChangeGoesThroughItsStagesAndTheDatabaseShowsEachAtOnce(t *testing.T) {
	t.Parallel()
	b := onPostgres(t, email, 100)
	ctx := t.Context()
	b.sees(release.SchemaWorld{Known: true})
	if err := b.driver.Expand(ctx, b.order); err != nil {
		t.Fatal(err)
	}
	b.sees(release.SchemaWorld{Known: true, Expanded: true})
	if err := b.driver.Backfill(ctx, b.filling()); err != nil {
		t.Fatal(err)
	}
	b.sees(release.SchemaWorld{Known: true, Expanded: true, Filled: true})
	if n := b.count("SELECT count(*) FROM users WHERE email = username || '@example.com'"); n != 100 {
		t.Errorf("%d of 100 users have an address", n)
	}
	if err := b.driver.Contract(ctx, b.order); err != nil {
		t.Fatal(err)
	}
	b.sees(release.SchemaWorld{Known: true, Expanded: true, Filled: true, Contracted: true})
}

func TestARevertLeavesNothingOfTheChange(t *testing.T) {
	t.Parallel()
	b := onPostgres(t, email, 10)
	if err := b.driver.Expand(t.Context(), b.order); err != nil {
		t.Fatal(err)
	}
	if err := b.driver.Revert(t.Context(), b.order); err != nil {
		t.Fatal(err)
	}
	b.sees(release.SchemaWorld{Known: true})
	if n := b.count("SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'"); n != 2 {
		t.Errorf("users has %d columns, want the two it had", n)
	}
}

func TestAPausedFillStandsStillSaysWhyAndGoesOn(t *testing.T) {
	t.Parallel()
	b := onPostgres(t, email, 20_000)
	if err := b.driver.Expand(t.Context(), b.order); err != nil {
		t.Fatal(err)
	}
	var paused, stood atomic.Bool
	var last atomic.Pointer[release.Progress]
	order := b.filling()
	order.Paused = func() string {
		if paused.Load() {
			return "paused by ann"
		}
		return ""
	}
	order.Progressed = func(p release.Progress) error {
		if !stood.Load() {
			paused.Store(true)
		}
		last.Store(&p)
		return nil
	}
	ended := make(chan error, 1)
	go func() { ended <- b.driver.Backfill(t.Context(), order) }()
	testkit.Await(t, "the fill to say that it stands still", func() bool { p := last.Load(); return p != nil && p.Waits == "paused by ann" })
	select {
	case err := <-ended:
		t.Fatalf("it ended while it was paused: %v", err)
	default:
	}
	if p := last.Load(); p.Table != "users" || p.Total == 0 || p.Rows == 0 {
		t.Errorf("it said %+v", *p)
	}
	stood.Store(true)
	paused.Store(false)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	b.sees(release.SchemaWorld{Known: true, Expanded: true, Filled: true})
}

func TestAPausedFillEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := onPostgres(t, email, 100)
	if err := b.driver.Expand(t.Context(), b.order); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	order := b.filling()
	order.Paused = func() string { cancel(); return "paused" }
	if err := b.driver.Backfill(ctx, order); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v, want it to be cancelled", err)
	}
}

func TestAnAddressThatCannotBeHadOrReadIsAnErrorWithoutIt(t *testing.T) {
	t.Parallel()
	b := onPostgres(t, email, 1)
	for url, want := range map[string]string{
		"env:CUTOVER_TEST_NO_SUCH_VARIABLE":            "CUTOVER_TEST_NO_SUCH_VARIABLE",
		"postgres://u:hunter2@127.0.0.1:port/x":        "not a PostgreSQL address",
		"postgres://u@127.0.0.1:1/x?connect_timeout=1": "connect",
	} {
		order := b.order
		order.Release, order.Database.URL = url, url
		_, err := b.driver.Observe(t.Context(), order)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q in it and no password", url, err, want)
		}
	}
}
