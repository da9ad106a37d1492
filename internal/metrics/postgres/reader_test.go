package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/metrics/postgres"
	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"
	"cutover/internal/testkit"
	testpostgres "cutover/internal/testkit/postgres"
)

var pg testpostgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

func subject() signal.Subject {
	return signal.Subject{App: "shop", Old: signal.Party{Label: "blue", Version: "1"}, New: signal.Party{Label: "green", Version: "2"}}
}

func measure(t testing.TB, name, at, only string) signal.Signal {
	t.Helper()
	m, err := signal.FindMeasure(signal.Postgres, name)
	if err != nil {
		t.Fatal(err)
	}
	s := signal.Signal{Name: name, Shape: m.Shape, Unit: m.Unit, Shared: !signal.BySide(only), Source: signal.Source{
		Kind: signal.Postgres, At: at, Query: name, Only: only,
	}}
	if name == signal.SlowStatements {
		s.Source.Longer = 50 * time.Millisecond
	}
	return s
}

func read(t testing.TB, s signal.Signal) []signal.Reading {
	t.Helper()
	r := postgres.New()
	defer func() { _ = r.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	return r.Read(ctx, s, subject())
}

// one reads a shared number.
func one(t testing.TB, s signal.Signal) signal.Reading {
	t.Helper()
	list := read(t, s)
	if len(list) != 1 || list[0].Missing != "" {
		t.Fatalf("%s: %+v", s.Name, list)
	}
	return list[0]
}

func TestPostgresKeepsTheReadersPromises(t *testing.T) {
	t.Parallel()
	for _, name := range []string{signal.Connections, signal.WaitingLocks, signal.LongestTransaction, signal.SlowStatements} {
		signaltest.Run(t, func(t *testing.T) signaltest.Stage {
			pg.NewDatabase(t) // starts the server: only then it has an address
			dsn := pg.LoopbackDSN("postgres")
			config, err := pgx.ParseConfig(dsn)
			if err != nil {
				t.Fatal(err)
			}
			host, _, _ := strings.Cut(strings.TrimPrefix(dsn, "postgres://postgres@"), "/")
			door := signaltest.OpenDoor(t, host)
			at := "postgres://postgres@" + door.Addr + "/" + config.Database + "?sslmode=disable"
			hang := measure(t, name, "postgres://postgres@"+signaltest.Hanging(t)+"/x?sslmode=disable", "shop-{{version}}")
			return signaltest.Stage{
				Reader: postgres.New(), Signal: measure(t, name, at, "shop-{{version}}"), Vanish: door.Shut, Hang: &hang, Subject: subject(),
				Wrong: measure(t, name, "postgres://postgres:geheim@"+door.Addr+"/x", ""),
			}
		})
	}
}

// named connects as an application.
func named(t *testing.T, dsn, application string) *pgx.Conn {
	t.Helper()
	return pg.Conn(t, dsn+"&application_name="+application)
}

func exec(t *testing.T, c *pgx.Conn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestConnectionsAreAShareOfWhatTheServerAllows(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	named(t, dsn, "conn-1.a")
	named(t, dsn, "conn-2.a")
	named(t, dsn, "conn-2.b")
	all := one(t, measure(t, signal.Connections, dsn, ""))
	if all.Of < 10 || all.Value < 3 || all.Value > all.Of {
		t.Errorf("%v of %v", all.Value, all.Of)
	}
	for _, r := range read(t, measure(t, signal.Connections, dsn, "conn-{{version}}.*")) {
		if want := map[signal.Side]float64{signal.Old: 1, signal.New: 2}[r.Side]; r.Value != want || r.Of != all.Of {
			t.Errorf("%+v; want %v", r, want)
		}
	}
	if r := one(t, measure(t, signal.Connections, dsn, "conn_2%")); r.Value != 0 {
		t.Errorf("the signs of LIKE have no meaning in a name: %+v", r)
	}
}

func TestWaitingLocksTransactionsAndSlowStatementsAreSeen(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	holder, waiter := named(t, dsn, "lock-1"), named(t, dsn, "lock-2")
	exec(t, holder, "CREATE TABLE t (n int)")
	exec(t, holder, "BEGIN")
	exec(t, holder, "LOCK TABLE t")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := waiter.Exec(ctx, "SELECT * FROM t"); ended <- err }()
	for _, name := range []string{signal.WaitingLocks, signal.SlowStatements} {
		testkit.Await(t, name+" to show the one that waits", func() bool {
			list := read(t, measure(t, name, dsn, "lock-{{version}}"))
			return len(list) == 2 && list[0].Missing == "" && list[0].Value == 0 && list[1].Value == 1
		})
	}
	testkit.Await(t, "the open transaction to grow old", func() bool {
		return one(t, measure(t, signal.LongestTransaction, dsn, "lock-1")).Value > 0.1
	})
	exec(t, holder, "ROLLBACK")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	cancel()
	testkit.Await(t, "the locks to be free", func() bool {
		return one(t, measure(t, signal.WaitingLocks, dsn, "lock-*")).Value == 0
	})
	if r := one(t, measure(t, signal.LongestTransaction, dsn, "lock-1")); r.Value != 0 {
		t.Errorf("no transaction is open: %+v", r)
	}
}

func TestWhatARoleMayNotSeeIsMissingAndNotNothing(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	admin := named(t, dsn, "hidden-1")
	exec(t, admin, "CREATE ROLE weak LOGIN")
	t.Cleanup(func() {
		if _, err := pg.Conn(t, pg.DSN("postgres")).Exec(context.Background(), "DROP ROLE weak"); err != nil {
			t.Error(err)
		}
	})
	weak := strings.Replace(dsn, "user=postgres", "user=weak", 1)
	for _, name := range []string{signal.LongestTransaction, signal.SlowStatements} {
		r := read(t, measure(t, name, weak, "hidden-*"))
		if len(r) != 1 || !strings.Contains(r[0].Missing, "GRANT pg_read_all_stats") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for _, name := range []string{signal.Connections, signal.WaitingLocks} {
		if r := one(t, measure(t, name, weak, "hidden-*")); name == signal.Connections && r.Value != 1 {
			t.Errorf("everybody may count connections: %+v", r)
		}
	}
}

func TestTheAddressIsFoundWhenItIsNeededAndNeverShown(t *testing.T) {
	dsn := pg.NewDatabase(t)
	t.Setenv("SHOP_SIGNALS_DSN", "postgres://postgres:geheim@127.0.0.1:1/shop?sslmode=disable")
	s := measure(t, signal.Connections, "env:SHOP_SIGNALS_DSN", "")
	r := read(t, s)[0]
	if r.Missing == "" || strings.Contains(r.Missing, "geheim") {
		t.Errorf("%+v", r)
	}
	t.Setenv("SHOP_SIGNALS_DSN", dsn)
	if r := read(t, s)[0]; r.Missing != "" {
		t.Errorf("%+v", r)
	}
	t.Setenv("SHOP_SIGNALS_DSN", "postgres://geheim:x@[")
	if r := read(t, s)[0]; r.Missing == "" || strings.Contains(r.Missing, "geheim") {
		t.Errorf("%+v", r)
	}
}

func TestALineThatBrokeIsOpenedAgain(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	r := postgres.New()
	t.Cleanup(func() { _ = r.Close() })
	s := measure(t, signal.Connections, dsn, "")
	if got := r.Read(t.Context(), s, subject()); got[0].Missing != "" {
		t.Fatal(got)
	}
	exec(t, pg.Conn(t, dsn), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cutover signals' AND datname = current_database()")
	testkit.Await(t, "a number again", func() bool { return r.Read(t.Context(), s, subject())[0].Missing == "" })
}
