package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/postgres"
	"cutover/internal/testkit"
)

// said collects what an engine reports.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

func (s *said) has(part string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(strings.Join(s.lines, "\n"), part)
}

func TestALongOpenTransactionIsWaitedForAndNamed(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text); CREATE TABLE other (n int); INSERT INTO t VALUES (1, 'x')`)
	var heard said
	e.Report = heard.add
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	long := pg.Conn(t, dsn)
	run(t, long, "BEGIN; INSERT INTO other VALUES (1)")
	must(t, "expand", e.Expand(within(t), c))
	ended := make(chan error, 1)
	go func() { ended <- e.Backfill(within(t), c, schema.Position{}, nil) }()
	testkit.Await(t, "word of the old transaction", func() bool { return heard.has("has had a transaction open since before the triggers") })
	same(t, conn, "SELECT count(*) FROM t WHERE b IS NOT NULL", int64(0))
	run(t, long, "COMMIT")
	must(t, "backfill", <-ended)
	same(t, conn, "SELECT b FROM t", "x")
}

func TestALongOpenTransactionEndsThePatienceInTheEnd(t *testing.T) {
	t.Parallel()
	e, _, dsn := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text); CREATE TABLE other (n int)`)
	e.Patience = 100 * time.Millisecond
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	run(t, pg.Conn(t, dsn), "BEGIN; INSERT INTO other VALUES (1)")
	must(t, "expand", e.Expand(within(t), c))
	if err := e.Backfill(within(t), c, schema.Position{}, nil); !errors.Is(err, postgres.ErrBusy) || !strings.Contains(err.Error(), "process") {
		t.Errorf("got %v", err)
	}
}

func TestALockOfAUserIsTriedForAndNobodyQueuesBehindUsForLong(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')`)
	before := value[string](t, conn, shapeOf)
	var heard said
	e.Report, e.Tries = heard.add, 5
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	holder := pg.Conn(t, dsn)
	run(t, holder, "BEGIN; SELECT * FROM t")

	// The probe's own limit is far above the budget: it fails only if we hold
	// it up for longer than one try may last.
	stop, probed := make(chan struct{}), make(chan error, 1)
	probe := pg.Conn(t, dsn)
	run(t, probe, "SET statement_timeout = '2s'")
	reads := 0
	go func() {
		for {
			select {
			case <-stop:
				probed <- nil
				return
			default:
			}
			if _, err := probe.Exec(context.Background(), "SELECT a FROM t WHERE id = 1", pgx.QueryExecModeSimpleProtocol); err != nil {
				probed <- err
				return
			}
			reads++
		}
	}()
	err := e.Expand(within(t), c)
	if !errors.Is(err, postgres.ErrBusy) || !heard.has("somebody holds the lock, try 4 of 5") {
		t.Errorf("expand against a held lock: %v", err)
	}
	close(stop)
	if err := <-probed; err != nil || reads == 0 {
		t.Errorf("a user was held up after %d reads: %v", reads, err)
	}
	run(t, holder, "COMMIT")
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
	must(t, "expand", e.Expand(within(t), c))
}

func TestATriggerSomebodyTookAwayMakesTheVerificationStale(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')`)
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	expandAndFill(t, e, c)
	run(t, conn, `ALTER TABLE t DISABLE TRIGGER USER`)
	run(t, conn, "INSERT INTO t (id, a) VALUES (2, 'past')")
	if err := e.Contract(within(t), c); !errors.Is(err, postgres.ErrNotVerified) {
		t.Fatalf("contract without a trigger: %v", err)
	}
	w, err := e.Observe(within(t), c)
	if err != nil || w.Expanded {
		t.Errorf("without its trigger the world shows %+v, %v", w, err)
	}
	expandAndFill(t, e, c)
	must(t, "contract", e.Contract(within(t), c))
	same(t, conn, "SELECT b FROM t WHERE id = 2", "past")
}

func TestARewrittenTableIsFilledFromItsBeginning(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, bigTable)
	must(t, "expand", e.Expand(within(t), bigChange()))
	e.Batch = 1
	other := pg.Conn(t, dsn)
	rewritten := false
	must(t, "backfill", e.Backfill(within(t), bigChange(), schema.Position{}, func(p schema.Progress) error {
		if p.Position.Page > 20 && !rewritten {
			rewritten = true
			_, err := other.Exec(context.Background(), "VACUUM FULL people")
			return err
		}
		return nil
	}))
	if !rewritten {
		t.Fatal("the table was never rewritten")
	}
	must(t, "contract", e.Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
}
