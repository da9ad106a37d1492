package postgres_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"cutover/internal/schema"
	"cutover/internal/schema/pace"
	"cutover/internal/testkit"
	pgtest "cutover/internal/testkit/postgres"
)

// follower receives a server's log as a replica does, and says how far it has
// applied it.
type follower struct{ conn *pgx.Conn }

func follow(t *testing.T, dsn string) follower {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	must(t, "reading where the server is", err)
	config.RuntimeParams["replication"] = "true"
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(within(t), config)
	must(t, "following the server", err)
	t.Cleanup(func() { _ = conn.PgConn().Conn().Close() })
	front := conn.PgConn().Frontend()
	front.Send(&pgproto3.Query{String: "START_REPLICATION PHYSICAL 0/1000000"})
	must(t, "asking for the log", front.Flush())
	for {
		message, err := front.Receive()
		must(t, "waiting for the log", err)
		if _, begun := message.(*pgproto3.CopyBothResponse); begun {
			return follower{conn}
		}
	}
}

// applied tells the server that everything up to a place is applied, and
// throws away what has come.
func (f follower) applied(t *testing.T, place uint64) {
	t.Helper()
	status := []byte{'r'}
	for range 3 {
		status = binary.BigEndian.AppendUint64(status, place)
	}
	status = append(binary.BigEndian.AppendUint64(status, 0), 0)
	f.conn.PgConn().Frontend().Send(&pgproto3.CopyData{Data: status})
	must(t, "telling how far it is", f.conn.PgConn().Frontend().Flush())
}

func TestAFillStopsForAReplicaThatIsBehindAndGoesOnWhenItHasCaughtUp(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Settings{})
	dsn := server.NewDatabase(t)
	conn := server.Conn(t, dsn)
	run(t, conn, bigTable)
	e := engineOn(dsn)
	must(t, "expand", e.Expand(within(t), bigChange()))
	replica := follow(t, dsn)
	replica.applied(t, 0x1000000)
	testkit.Await(t, "the replica", func() bool {
		return value[int64](t, conn, "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = '0/1000000'") == 1
	})
	var heard said
	e.Report = heard.add
	e.Pace = pace.Limits{Stop: pace.Load{Behind: 100_000}}
	ended := make(chan error, 1)
	waits := make(chan string, 100)
	go func() {
		ended <- e.Backfill(within(t), bigChange(), schema.Position{}, func(p schema.Progress) error {
			if p.Waits != "" {
				waits <- p.Waits
			}
			return nil
		})
	}()
	testkit.Await(t, "word of the replica", func() bool { return heard.has("waiting: the database has too much to do: a replica is") })
	if value[int64](t, conn, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cutover' AND state <> 'idle'") != 0 {
		t.Error("the fill works while the replica is behind")
	}
	if len(waits) == 0 {
		t.Error("its progress does not say what it waits for")
	}
	// From here the replica is ahead of everything.
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for {
			if _, err := replica.conn.PgConn().Frontend().Receive(); err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case err := <-ended:
			must(t, "backfill", err)
			done = true
		case <-tick.C:
			var place uint64
			must(t, "asking how far the log is", conn.QueryRow(context.Background(), "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint").Scan(&place))
			replica.applied(t, place)
		}
	}
	_ = replica.conn.PgConn().Conn().Close()
	<-drained
	must(t, "contract", e.Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
}
