package filling

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var (
	rows   = flag.Int("rows", 1_000_000, "rows of the table")
	rounds = flag.Int("rounds", 3, "how often every variant is measured")
	calm   = flag.Duration("calm", 15*time.Second, "how long the users are measured without a fill")
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }

// limit bounds one run of a variant.
const limit = 10 * time.Minute

// ground is a server with a database that every run gets a copy of.
type ground struct {
	server *postgres.Server
	admin  *pgx.Conn
	runs   int
	pgroll *pgroll
}

func newGround(b *testing.B) *ground {
	b.Helper()
	server := postgres.New(b, postgres.Settings{Fsync: true, Config: map[string]string{
		"shared_buffers": "1GB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}})
	g := &ground{server: server, admin: server.Conn(b, server.DSN("postgres"))}
	g.do(b, "CREATE DATABASE ground")
	conn := server.Conn(b, server.DSN("ground"))
	ctx, cancel := context.WithTimeout(b.Context(), limit)
	defer cancel()
	for _, sql := range []string{
		"CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL, a int NOT NULL, b int NOT NULL, c int NOT NULL, note text)",
		fmt.Sprintf("INSERT INTO t SELECT n, 'first' || n || ' last' || n || repeat('x', 14), n %% 1000, n, 0, NULL FROM generate_series(1, %d) AS n", *rows),
		"CREATE INDEX by_a ON t (a)", "VACUUM (FREEZE, ANALYZE) t"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	if err := conn.Close(ctx); err != nil {
		b.Fatal(err)
	}
	return g
}

func (g *ground) do(b *testing.B, sql string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), limit)
	defer cancel()
	if _, err := g.admin.Exec(ctx, sql); err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
}

// fresh makes a copy of the table in a database of its own, with everything
// before on disk, and returns its name.
func (g *ground) fresh(b *testing.B) string {
	b.Helper()
	g.runs++
	name := fmt.Sprintf("run%d", g.runs)
	g.do(b, "CREATE DATABASE "+name+" TEMPLATE ground STRATEGY file_copy")
	g.do(b, "CHECKPOINT")
	return name
}

func (g *ground) drop(b *testing.B, name string) {
	b.Helper()
	g.do(b, "DROP DATABASE "+name+" WITH (FORCE)")
}

// size is what a table takes, in bytes, and where the log is.
type size struct{ heap, indexes, log int64 }

func measure(ctx context.Context, conn *pgx.Conn) (s size, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_relation_size('t'), pg_indexes_size('t'), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").Scan(&s.heap, &s.indexes, &s.log)
	return s, err
}
