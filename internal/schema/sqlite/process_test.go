package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutover/internal/schema"
	"cutover/internal/testkit"
)

// fruit is the table of the tests with processes: what a program writes to a
// row in either shape tells the row and the program.
var fruit = []string{
	"CREATE TABLE fruit (id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, weight INTEGER DEFAULT 5, crate TEXT NOT NULL DEFAULT 'none')",
	"CREATE INDEX fruit_label ON fruit (label, id DESC)",
	"INSERT INTO fruit (label) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT 'old' || i FROM n",
}

// fruitChange uses what needs triggers, a fill, indexes, NOT NULL, a check and
// a rebuilt table.
func fruitChange() schema.Change {
	not := false
	return change(
		schema.AlterColumn{Table: "fruit", Column: "label", As: "name", Nullable: &not, Check: &schema.Check{Name: "named", Constraint: "length(name) > 1"},
			Up: "upper(label)", Down: "lower(name)"},
		schema.RenameColumn{Table: "fruit", From: "crate", To: "box"},
		schema.DropColumn{Table: "fruit", Column: "weight", Down: "7"},
		schema.CreateIndex{Name: "fruit_name", Table: "fruit", Columns: []schema.IndexColumn{{Column: "name"}}},
		schema.CreateTable{Name: "crates", Columns: []schema.Column{{Name: "id", Type: "integer", Pk: true}}})
}

// writeUntilToldToEnd is a program of old or new code that inserts and updates
// rows of its own, and prints each one it was told is committed.
func writeUntilToldToEnd(ctx context.Context) error {
	number, isNew := os.Getenv("TEST_NUMBER"), os.Getenv("TEST_NEW") == "1"
	c := connect(os.Getenv("TEST_PATH"))
	defer c.Close()
	pace := time.NewTicker(4 * slow * time.Millisecond)
	defer pace.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-pace.C:
		}
		id := 1_000_000 + n*100 + must0(strconv.Atoi(number))
		text := fmt.Sprintf("p%sn%d", number, n)
		do := []string{"INSERT INTO fruit (id, label, crate) VALUES (?2, ?1, 'c')", "UPDATE fruit SET label = ?1 WHERE id = ?2"}
		if isNew {
			do = []string{"INSERT INTO fruit (id, name, box) VALUES (?2, upper(?1), 'c')", "UPDATE fruit SET name = upper(?1) WHERE id = ?2"}
		}
		for i, statement := range do {
			written := text + []string{"x", "y"}[i]
			if err := c.Exec(context.Background(), statement, written, id); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
			fmt.Printf("wrote %d %s\n", id, written)
		}
	}
}

func must0(n int, err error) int {
	if err != nil {
		panic(err)
	}
	return n
}

// crew starts programs of one shape.
func crew(t *testing.T, h house, isNew string, numbers ...string) []*testkit.Process {
	t.Helper()
	var all []*testkit.Process
	for _, n := range numbers {
		all = append(all, testkit.Start(t, "writer", "TEST_PATH="+h.path, "TEST_NEW="+isNew, "TEST_NUMBER="+n))
	}
	return all
}

// end lets programs end, which none of them may have done by itself.
func end(t *testing.T, all []*testkit.Process) {
	t.Helper()
	for _, p := range all {
		p.Term()
		if code := p.ExitCode(); code != 0 {
			t.Errorf("a program was turned away: %s", p.Output())
		}
	}
}

// judge holds what programs were told is committed against the database.
func (h house) judge(all []*testkit.Process, column string) {
	h.t.Helper()
	last := map[string]string{}
	for _, p := range all {
		for line := range strings.Lines(p.Output()) {
			var id, text string
			if n, _ := fmt.Sscanf(line, "wrote %s %s", &id, &text); n == 2 {
				last[id] = text
			}
		}
	}
	rows, err := h.Rows(h.t.Context(), "SELECT id, lower("+column+") FROM fruit WHERE id > 1000000")
	must(h.t, "reading", err)
	for _, row := range rows {
		if last[row[0]] != row[1] {
			h.t.Errorf("row %s is %q, its writer left %q", row[0], row[1], last[row[0]])
		}
		delete(last, row[0])
	}
	if len(last) > 0 {
		h.t.Errorf("%d rows are lost: %v", len(last), last)
	}
	h.gives("SELECT count(*) FROM fruit WHERE id <= 1000000 AND lower("+column+") = 'old' || id", "200")
	if len(rows) < 20/slow {
		h.t.Errorf("only %d rows were written", len(rows))
	}
}

func written(p *testkit.Process) int { return strings.Count(p.Output(), "wrote ") }

// window expands and fills while processes of both shapes write.
func window(t *testing.T) (h house, old, young []*testkit.Process) {
	t.Helper()
	h = database(t, fruit...)
	old = crew(t, h, "0", "1", "2", "3")
	old[0].Line("wrote ")
	must(t, "expand", h.Expand(t.Context(), fruitChange()))
	young = crew(t, h, "1", "4", "5", "6")
	young[2].Line("wrote ")
	must(t, "backfill", h.Backfill(t.Context(), fruitChange(), schema.Position{}, nil))
	testkit.Await(t, "writers in the window", func() bool { return written(young[0]) > 60/slow && written(old[0]) > 60/slow })
	return h, old, young
}

func TestNewProcessesGoOnWhileTheOldShapeIsRemovedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	h, old, young := window(t)
	end(t, old)
	must(t, "contract", h.Contract(t.Context(), fruitChange()))
	was := written(young[0])
	testkit.Await(t, "writers after contract", func() bool { return written(young[0]) > was+20/slow })
	end(t, young)
	h.judge(append(old, young...), "name")
	h.gives("SELECT count(*) FROM pragma_table_info('fruit') WHERE name IN ('label', 'crate', 'weight')", "0")
}

func TestOldProcessesGoOnWhileTheNewShapeIsTakenBackAndNothingIsLost(t *testing.T) {
	t.Parallel()
	h, old, young := window(t)
	end(t, young)
	must(t, "revert", h.Revert(t.Context(), fruitChange()))
	was := written(old[0])
	testkit.Await(t, "writers after the revert", func() bool { return written(old[0]) > was+20/slow })
	end(t, old)
	h.judge(append(old, young...), "label")
}

func TestAProcessThatIsKilledAnywhereIsTakenUpToTheSameEnd(t *testing.T) {
	t.Parallel()
	everywhere(t, "contract", func(h house) {
		h.gives("SELECT count(*) FROM fruit WHERE name = 'OLD' || id AND box = 'none'", "200")
		h.gives("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name", "crates", "cutover_change", "fruit", "fruit_label", "fruit_name")
		h.gives("SELECT name, \"notnull\", coalesce(dflt_value, '') FROM pragma_table_info('fruit')", "id|0|", "name|1|", "box|1|'none'")
		h.gives("SELECT seq FROM sqlite_sequence WHERE name = 'fruit'", "200")
	})
}

func TestAProcessThatIsKilledAnywhereInARevertLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	before := database(t, fruit...).shape()
	everywhere(t, "revert", func(h house) {
		h.isShaped(before)
		h.gives("SELECT count(*) FROM fruit WHERE label = 'old' || id AND weight = 5", "200")
	})
}

// everywhere lets a process bring the change to an end and die before its nth
// statement, for every n of a set that covers every stage, and another go on.
func everywhere(t *testing.T, to string, judge func(house)) {
	t.Helper()
	for n := 1 + rand.IntN(stride); ; n += stride {
		h := database(t, fruit...)
		p := testkit.Start(t, "upgrade", "TEST_PATH="+h.path, "TEST_END="+to, "TEST_STATEMENT="+strconv.Itoa(n))
		switch code := p.ExitCode(); code {
		case -1: // killed, as it should be
			must(t, fmt.Sprintf("going on after a kill at %d", n), upgrade(t.Context(), h.path, to, 0))
			judge(h)
		case 0:
			judge(h)
			t.Logf("%d statements", n)
			return
		default:
			t.Fatalf("killed at %d: exit code %d, %s", n, code, p.Output())
		}
	}
}

// stride leaves out most statements in one run; where it begins is random.
const stride = 17 * slow

func upgradeUntilKilled(ctx context.Context) error {
	return upgrade(ctx, os.Getenv("TEST_PATH"), os.Getenv("TEST_END"), must0(strconv.Atoi(os.Getenv("TEST_STATEMENT"))))
}

// upgrade brings the change to its end, or kills its process before statement
// number last.
func upgrade(ctx context.Context, path, to string, last int) error {
	e := engineOn(path)
	statements := 0
	e.Before(func(string) {
		if statements++; statements == last {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			panic(errors.Join(errors.New("still alive"), err))
		}
	})
	c := fruitChange()
	if w, err := e.Observe(ctx, c); err != nil || w.Contracted {
		return err
	}
	if err := e.Expand(ctx, c); err != nil {
		return err
	}
	if err := e.Backfill(ctx, c, schema.Position{}, nil); err != nil {
		return err
	}
	if to == "revert" {
		return e.Revert(ctx, c)
	}
	return e.Contract(ctx, c)
}
