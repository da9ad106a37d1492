package pooler

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/pooler/console"
	"cutover/internal/release"
	"cutover/internal/testkit"
	testpgbouncer "cutover/internal/testkit/pgbouncer"
	testpostgres "cutover/internal/testkit/postgres"
)

var pg testpostgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

var transactions = testpgbouncer.Settings{"pool_mode": "transaction"}

// shop starts a PgBouncer for the databases shop-1 and shop-2.
func shop(t *testing.T, s testpgbouncer.Settings) *testpgbouncer.Server {
	t.Helper()
	return testpgbouncer.Start(t, &pg, map[string]string{"shop-1": "postgres", "shop-2": "postgres"}, s)
}

// order concerns both databases.
func order(b *testpgbouncer.Server) release.PoolOrder {
	return release.PoolOrder{Stamp: release.Stamp{App: "shop", Key: "r2/7"}, Release: "r2", Databases: []string{"shop-1", "shop-2"},
		Pooler: release.Pooler{Console: b.Console("admin"), PauseMost: 5 * time.Second, DrainMost: 5 * time.Second}}
}

// user connects through PgBouncer by the simple protocol, which leaves nothing
// prepared on a server connection, with an application_name.
func user(t *testing.T, b *testpgbouncer.Server, database, application string) *pgx.Conn {
	t.Helper()
	c := pg.Conn(t, b.DSN(database)+"&default_query_exec_mode=simple_protocol&application_name="+application)
	if _, err := c.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	return c
}

// show asks the console.
func show(t *testing.T, b *testpgbouncer.Server, what string) []console.Row {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := console.Open(ctx, b.Console("stats"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rows, err := c.Show(ctx, what)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// pausedNow lists the databases whose clients wait.
func pausedNow(t *testing.T, b *testpgbouncer.Server) []string {
	t.Helper()
	var names []string
	for _, db := range show(t, b, "DATABASES") {
		if paused(db) {
			names = append(names, db["name"])
		}
	}
	return names
}

// patient bounds what ends soon unless something is broken.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
