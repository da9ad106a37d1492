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

// probe reads and writes t as a user does until it is ended, and fails if one
// statement is held up. Its own limit is far above the lock budget, so that
// not a busy machine makes it fail, but only a lock that nobody gives up.
func probe(t *testing.T, dsn string) (end func()) {
	t.Helper()
	conn := pg.Conn(t, dsn)
	run(t, conn, "SET lock_timeout = '60s'")
	stop, ended := make(chan struct{}), make(chan error, 1)
	statements, longest := 0, time.Duration(0)
	go func() {
		for ; ; statements++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			sql := "SELECT id FROM t WHERE id = 1"
			if statements%2 == 1 {
				sql = "UPDATE t SET n = n + 1 WHERE id = 1"
			}
			began := time.Now()
			if _, err := conn.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				ended <- err
				return
			}
			longest = max(longest, time.Since(began))
		}
	}()
	return func() {
		t.Helper()
		close(stop)
		if err := <-ended; err != nil || statements == 0 {
			t.Errorf("a user was held up after %d statements: %v", statements, err)
		}
		t.Logf("%d statements of a user, the longest took %s", statements, longest)
	}
}

func TestNoUserQueuesBehindUsInAnyStageWhileAnotherHoldsALock(t *testing.T) {
	t.Parallel()
	not := false
	c := change(schema.AlterColumn{Table: "t", Column: "a", Type: "varchar(9)", Nullable: &not, Up: "coalesce(a, '')", Down: "a"})
	expand := func(t *testing.T, e *postgres.Engine) error { return e.Expand(within(t), c) }
	backfill := func(t *testing.T, e *postgres.Engine) error {
		return e.Backfill(within(t), c, schema.Position{}, nil)
	}
	contract := func(t *testing.T, e *postgres.Engine) error { return e.Contract(within(t), c) }
	revert := func(t *testing.T, e *postgres.Engine) error { return e.Revert(within(t), c) }
	for name, stages := range map[string][]func(*testing.T, *postgres.Engine) error{
		"expand": {expand}, "backfill": {expand, backfill}, "contract": {expand, backfill, contract}, "revert": {expand, backfill, revert},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, dsn := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text, n int DEFAULT 0); INSERT INTO t VALUES (1, 'x')`)
			last := len(stages) - 1
			for _, stage := range stages[:last] {
				must(t, "an earlier stage", stage(t, e))
			}
			holder := pg.Conn(t, dsn)
			run(t, holder, "BEGIN; SELECT FROM t")
			ended := probe(t, dsn)
			e.Tries = 3
			if err := stages[last](t, e); !errors.Is(err, postgres.ErrBusy) || !strings.Contains(err.Error(), "no lock within 100ms, 3 times") {
				t.Errorf("against a held lock: %v", err)
			}
			ended()
			run(t, holder, "COMMIT")
			must(t, "the same when the lock is free", stages[last](t, e))
		})
	}
}

func TestALostConnectionIsSaidAndTheStageCanBeRepeated(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, bigTable)
	must(t, "expand", e.Expand(within(t), bigChange()))
	e.Batch = 1
	lost := false
	err := e.Backfill(within(t), bigChange(), schema.Position{}, func(p schema.Progress) error {
		if p.Position.Page > 20 && !lost {
			lost = true
			_, err := conn.Exec(within(t), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cutover' AND datname = current_database()")
			return err
		}
		return nil
	})
	// Who notices first differs: the one who reads the farewell, or the one who
	// writes into what is closed already.
	if err == nil || !strings.Contains(err.Error(), "terminating connection") && !strings.Contains(err.Error(), "broken pipe") && !strings.Contains(err.Error(), "connection reset") {
		t.Errorf("got %v", err)
	}
	must(t, "backfill", e.Backfill(within(t), bigChange(), schema.Position{}, nil))
	must(t, "contract", e.Contract(within(t), bigChange()))
	same(t, conn, wrongPeople("name"), int64(0))
}

func TestALockOfAUserIsTriedForAndNobodyQueuesBehindUsForLong(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text, n int); INSERT INTO t VALUES (1, 'x')`)
	before := value[string](t, conn, shapeOf)
	var heard said
	e.Report, e.Tries = heard.add, 5
	c := change(schema.RenameColumn{Table: "t", From: "a", To: "b"})
	holder := pg.Conn(t, dsn)
	run(t, holder, "BEGIN; SELECT * FROM t")

	ended := probe(t, dsn)
	err := e.Expand(within(t), c)
	if !errors.Is(err, postgres.ErrBusy) || !heard.has("somebody holds the lock, try 4 of 5") {
		t.Errorf("expand against a held lock: %v", err)
	}
	ended()
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
