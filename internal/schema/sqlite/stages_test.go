package sqlite_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cutover/internal/schema"
	"cutover/internal/schema/sqlite"
)

// many is a table of n rows in which nothing is the rowid.
func many(n int) []string {
	return []string{"CREATE TABLE t (name TEXT, a TEXT)",
		fmt.Sprintf("INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT 'n' || i, 'a' || i FROM n", n)}
}

var renamed = change(schema.RenameColumn{Table: "t", From: "a", To: "b"})

func TestAFillGoesOnAtItsPositionAndReadsEachRowOnce(t *testing.T) {
	t.Parallel()
	h := database(t, many(800)...)
	must(t, "expand", h.Expand(t.Context(), renamed))
	enough := errors.New("enough")
	var at schema.Position
	rows := int64(0)
	err := h.Backfill(t.Context(), renamed, at, func(p schema.Progress) error {
		at, rows = p.Position, rows+p.Rows
		if p.Pages != 800 || p.Table != "t" {
			t.Errorf("progress says %+v", p)
		}
		if rows > 300 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	if err := h.Contract(t.Context(), renamed); !errors.Is(err, sqlite.ErrNotVerified) {
		t.Fatalf("contract in mid fill: %v", err)
	}
	first := int64(-1)
	must(t, "backfill", h.Backfill(t.Context(), renamed, at, func(p schema.Progress) error {
		if first < 0 {
			first = p.Position.Page - p.Batch
		}
		rows += p.Rows
		return nil
	}))
	if first != at.Page || rows != 800 {
		t.Errorf("went on at %d, want %d; filled %d rows", first, at.Page, rows)
	}
}

func TestAFillBeginsAgainWhenRowsAreRenumbered(t *testing.T) {
	t.Parallel()
	h := database(t, append(many(900), "UPDATE t SET rowid = -rowid", "UPDATE t SET rowid = -rowid * 1000", "DELETE FROM t WHERE rowid % 3000 = 0", "INSERT INTO t (rowid, name, a) VALUES (-7, 'n-7', 'a-7')")...)
	must(t, "expand", h.Expand(t.Context(), renamed))
	vacuumed := false
	must(t, "backfill", h.Backfill(t.Context(), renamed, schema.Position{}, func(p schema.Progress) error {
		if vacuumed {
			return nil
		}
		vacuumed = true
		return h.Exec(t.Context(), "VACUUM")
	}))
	h.gives("SELECT count(*), count(b), sum(b = a) FROM t", "601|601|601")
}

func TestRowsAtBothEndsOfTheNumbersAreFilled(t *testing.T) {
	t.Parallel()
	h := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", "INSERT INTO t VALUES (-9223372036854775808, 'low'), (0, 'zero'), (9223372036854775807, 'high')")
	h.fill(renamed)
	must(t, "contract", h.Contract(t.Context(), renamed))
	h.gives("SELECT b FROM t ORDER BY id", "low", "zero", "high")
}

func TestAPositionOfAnEarlierLifeIsNotUsed(t *testing.T) {
	t.Parallel()
	h := database(t, many(300)...)
	must(t, "expand", h.Expand(t.Context(), renamed))
	var at schema.Position
	must(t, "backfill", h.Backfill(t.Context(), renamed, at, func(p schema.Progress) error { at = p.Position; return nil }))
	must(t, "revert", h.Revert(t.Context(), renamed))
	must(t, "expand", h.Expand(t.Context(), renamed))
	must(t, "backfill", h.Backfill(t.Context(), renamed, at, nil))
	must(t, "contract", h.Contract(t.Context(), renamed))
	h.gives("SELECT count(b) FROM t", "300")
}

func TestADroppedTriggerMakesAChangeNotExpandedAndWhatSlippedPastItIsFound(t *testing.T) {
	t.Parallel()
	h := database(t, many(10)...)
	h.fill(renamed)
	h.run(`DROP TRIGGER "cutover_release_two_0_update"`, "UPDATE t SET a = 'past' WHERE name = 'n1'")
	w, err := h.Observe(t.Context(), renamed)
	if err != nil || w.Expanded || w.Filled || !strings.Contains(w.Waits, "trigger is gone") {
		t.Errorf("the world shows %+v, %v", w, err)
	}
	if err := h.Contract(t.Context(), renamed); !errors.Is(err, sqlite.ErrNotVerified) {
		t.Errorf("contract: %v", err)
	}
	must(t, "expand", h.Expand(t.Context(), renamed))
	if err := h.Backfill(t.Context(), renamed, schema.Position{}, nil); !errors.Is(err, sqlite.ErrNotVerified) || !strings.Contains(err.Error(), "1 rows of t") {
		t.Errorf("backfill: %v", err)
	}
	h.run("UPDATE t SET a = 'mended' WHERE name = 'n1'")
	h.fill(renamed)
	must(t, "contract", h.Contract(t.Context(), renamed))
	h.gives("SELECT b FROM t WHERE name = 'n1'", "mended")
}

func TestAViewMadeInTheWindowStopsContractAsAWhole(t *testing.T) {
	t.Parallel()
	h := database(t, many(10)...)
	h.fill(renamed)
	h.run("CREATE VIEW late AS SELECT a FROM t")
	before := h.shape()
	if err := h.Contract(t.Context(), renamed); err == nil || !strings.Contains(err.Error(), "view late") {
		t.Fatalf("contract: %v", err)
	}
	h.isShaped(before)
	h.run("UPDATE t SET b = 'y'")
	h.gives("SELECT DISTINCT a FROM late", "y")
	h.run("DROP VIEW late")
	must(t, "contract", h.Contract(t.Context(), renamed))
}

func TestNothingIsDoneWhileAUserKeepsTheWriteLock(t *testing.T) {
	t.Parallel()
	h := database(t, many(10)...)
	user := connect(h.path)
	t.Cleanup(user.Close)
	must(t, "begin", user.Exec(t.Context(), "BEGIN IMMEDIATE"))
	h.LockTimeout, h.MaxPause, h.Tries = 10*time.Millisecond, 10*time.Millisecond, 3
	if err := h.Expand(t.Context(), renamed); !errors.Is(err, sqlite.ErrBusy) {
		t.Errorf("expand: %v", err)
	}
	waits := make(chan string, 100)
	h.Tries = 10000
	h.Report = func(what string) {
		select {
		case waits <- what:
		default:
		}
	}
	done := make(chan error, 1)
	go func() { done <- h.Expand(t.Context(), renamed) }()
	if what := <-waits; !strings.Contains(what, "somebody holds the write lock") {
		t.Errorf("reported: %s", what)
	}
	must(t, "commit", user.Exec(t.Context(), "COMMIT"))
	must(t, "expand", <-done)
}

func TestADatabaseWithoutAWriteAheadLogWaitsForItsReaders(t *testing.T) {
	t.Parallel()
	h := database(t, append([]string{"PRAGMA journal_mode = delete"}, many(500)...)...)
	reader := open(h.path)
	t.Cleanup(reader.Close)
	must(t, "begin", reader.Exec(t.Context(), "BEGIN"))
	_, err := reader.Rows(t.Context(), "SELECT * FROM t")
	must(t, "read", err)
	h.LockTimeout, h.MaxPause = 5*time.Millisecond, 5*time.Millisecond
	h.Tries = 100000
	waiting := make(chan struct{}, 1)
	h.Report = func(string) {
		select {
		case waiting <- struct{}{}:
		default:
		}
	}
	done := make(chan error, 1)
	go func() { done <- h.Expand(t.Context(), renamed) }()
	select {
	case <-waiting:
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	}
	must(t, "commit", reader.Exec(t.Context(), "COMMIT"))
	must(t, "expand", <-done)
	h.fill(renamed)
	must(t, "contract", h.Contract(t.Context(), renamed))
	h.gives("SELECT count(b) FROM t", "500")
}

func TestTwoCutoversAtOnceComeToTheSameEnd(t *testing.T) {
	t.Parallel()
	h := database(t, many(500)...)
	var ends [2]chan error
	for i := range ends {
		ends[i] = make(chan error, 1)
		go func() {
			e := engineOn(h.path)
			err := e.Expand(t.Context(), renamed)
			for err == nil {
				if err = e.Backfill(t.Context(), renamed, schema.Position{}, nil); err == nil {
					break
				}
				if errors.Is(err, sqlite.ErrBusy) {
					err = nil
				}
			}
			ends[i] <- err
		}()
	}
	for i := range ends {
		must(t, "backfill", <-ends[i])
	}
	must(t, "contract", h.Contract(t.Context(), renamed))
	h.gives("SELECT count(*), count(b) FROM t", "500|500")
}

func TestUsersGoOnWritingDuringABackfill(t *testing.T) {
	t.Parallel()
	h := database(t, many(500)...)
	must(t, "expand", h.Expand(t.Context(), renamed))
	user := connect(h.path)
	t.Cleanup(user.Close)
	written, stop := make(chan int, 1), make(chan struct{})
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				written <- n
				return
			default:
			}
			if user.Exec(t.Context(), "UPDATE t SET a = 'user' WHERE name = 'n1'") == nil {
				n++
			}
		}
	}()
	began := time.Now()
	must(t, "backfill", h.Backfill(t.Context(), renamed, schema.Position{}, nil))
	took := time.Since(began)
	close(stop)
	if n := <-written; n == 0 {
		t.Errorf("a user wrote nothing in %s of backfill", took)
	}
	h.gives("SELECT b FROM t WHERE name = 'n1'", "user")
}
