package pgbouncer_test

import (
	"testing"

	"cutover/internal/testkit"
	testpgbouncer "cutover/internal/testkit/pgbouncer"
	testpostgres "cutover/internal/testkit/postgres"
)

var pg testpostgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

// bouncer starts a PgBouncer with pools of two connections for the databases
// shop-1 and shop-2, and returns its host:port.
func bouncer(t *testing.T) string {
	t.Helper()
	return testpgbouncer.Start(t, &pg, map[string]string{"shop-1": "postgres", "shop-2": "postgres"}, nil).Addr
}
