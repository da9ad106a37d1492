package postgres_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/schema"
	"cutover/internal/schema/pace"
	"cutover/internal/testkit"
	pgtest "cutover/internal/testkit/postgres"
)

func TestAServerKilledBeforeItWroteItsLastCommitsLosesNoRow(t *testing.T) {
	t.Parallel()
	// Nothing but a commit that waits for it, and there is none, has the log
	// written: a kill takes back the whole fill.
	server := pgtest.New(t, pgtest.Settings{Fsync: true, Config: map[string]string{
		"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "wal_buffers": "32MB", "autovacuum": "off", "bgwriter_lru_maxpages": "0"}})
	dsn := server.NewDatabase(t)
	run(t, server.Conn(t, dsn), bigTable)
	at := killedInFill(t, server, dsn, 20)
	conn := server.Conn(t, dsn)
	kept := value[int64](t, conn, "SELECT page FROM cutover.change")
	if kept >= at.Page {
		t.Fatalf("the caller has page %d, the server still %d: the kill took nothing back, so this shows nothing", at.Page, kept)
	}
	must(t, "backfill", engineOn(dsn).Backfill(within(t), bigChange(), at, nil))
	must(t, "contract", engineOn(dsn).Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
	same(t, conn, "SELECT count(*) FROM people", int64(20000))
}

func TestMostRowsAreFilledOnTheirOwnPage(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, bigTable)
	before := value[int64](t, conn, "SELECT pg_relation_size('people')")
	expandAndFill(t, e, bigChange())
	after := value[int64](t, conn, "SELECT pg_relation_size('people')")
	if after > before*3/2 {
		t.Errorf("the table grew from %d to %d bytes; a single UPDATE would make it %d", before, after, 2*before)
	}
	same(t, conn, "SELECT count(*) FROM people WHERE "+schema.Quote(physical())+" = 'first' || id", int64(20000))
}

// physical is the name of the new column of the big change.
func physical() string {
	sync, _ := bigChange().Operations[0].(schema.Syncing).Sync()
	return sync.New[0].Physical
}

func TestAnOldSnapshotMakesAFillLargerButNotWrong(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, bigTable)
	must(t, "expand", e.Expand(within(t), bigChange()))
	reader := pg.Conn(t, dsn)
	began := false
	must(t, "backfill", e.Backfill(within(t), bigChange(), schema.Position{}, func(schema.Progress) error {
		if !began {
			began = true
			_, err := reader.Exec(context.Background(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
			return err
		}
		return nil
	}))
	same(t, reader, "SELECT count(*) FROM people", int64(20000))
	run(t, reader, "COMMIT")
	must(t, "contract", e.Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
}

func TestAPausedFillDoesNothingAndSaysWhy(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, bigTable)
	must(t, "expand", e.Expand(within(t), bigChange()))
	e.Batch = 2 * time.Millisecond
	var paused atomic.Bool
	e.Paused = func() (string, bool) { return "Ada wants to look", paused.Load() }
	waiting, ended := make(chan string, 1), make(chan error, 1)
	var last schema.Progress
	batches := 0
	go func() {
		ended <- e.Backfill(within(t), bigChange(), schema.Position{}, func(p schema.Progress) error {
			if p.Waits != "" {
				waiting <- p.Waits
				return nil
			}
			if batches++; batches == 3 {
				paused.Store(true)
			}
			last = p
			return nil
		})
	}()
	if what := <-waiting; what != "Ada wants to look" {
		t.Errorf("it waits for %q", what)
	}
	page := value[int64](t, conn, "SELECT page FROM cutover.change")
	same(t, conn, "SELECT page FROM cutover.change", page)
	paused.Store(false)
	must(t, "backfill", <-ended)
	if last.Position.Page != last.Pages || last.Rate <= 0 || page >= last.Pages {
		t.Errorf("paused at page %d, at the end it told %+v", page, last)
	}
}

func TestAPausedFillEndsWithItsContext(t *testing.T) {
	t.Parallel()
	e, _, _ := database(t, bigTable)
	must(t, "expand", e.Expand(within(t), bigChange()))
	e.Paused = func() (string, bool) { return "for good", true }
	ctx, cancel := context.WithCancel(within(t))
	err := e.Backfill(ctx, bigChange(), schema.Position{}, func(schema.Progress) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAPacedFillEndsAndLeavesNothingOfItsProbesBehind(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, bigTable)
	before := value[string](t, conn, shapeOf)
	must(t, "expand", e.Expand(within(t), bigChange()))
	var heard said
	e.Report = heard.add
	e.Pace = pace.Limits{Batch: 2 * time.Millisecond, Share: 0.9, Slow: pace.Load{Latency: 1000}, Stop: pace.Load{Latency: 1e6}}
	cut := false
	must(t, "backfill", e.Backfill(within(t), bigChange(), schema.Position{}, func(schema.Progress) error {
		if !cut {
			cut = true
			_, err := conn.Exec(context.Background(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cutover watch' AND datname = current_database()")
			return err
		}
		return nil
	}))
	testkit.Await(t, "the end of the watch", func() bool {
		return value[int64](t, conn, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cutover watch' AND datname = current_database()") == 0
	})
	if !cut {
		t.Error("its watch was never cut off")
	}
	must(t, "revert", e.Revert(within(t), bigChange()))
	same(t, conn, shapeOf, before)
}

func TestLimitsThatMakeNoSenseEndABackfillAtOnce(t *testing.T) {
	t.Parallel()
	e, _, _ := database(t, bigTable)
	must(t, "expand", e.Expand(within(t), bigChange()))
	e.Pace = pace.Limits{Share: 7}
	if err := e.Backfill(within(t), bigChange(), schema.Position{}, nil); err == nil {
		t.Error("it took a share of 7")
	}
}
