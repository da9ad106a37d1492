package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/file"
	"cutover/internal/schema/postgres"
)

const testdata = "../file/testdata"

// told returns what the lines of a file that begin with a word say.
func told(t *testing.T, path, word string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, "reading", err)
	var out []string
	for line := range strings.Lines(string(content)) {
		if said, is := strings.CutPrefix(line, word+": "); is {
			out = append(out, strings.TrimSpace(said))
		}
	}
	return out
}

// holds runs statements that say what they give.
func holds(t *testing.T, conn *pgx.Conn, statements []string) {
	t.Helper()
	for _, statement := range statements {
		sql, want, _ := strings.Cut(statement, " => ")
		var got string
		err := conn.QueryRow(within(t), sql, pgx.QueryExecModeSimpleProtocol).Scan(&got)
		if err != nil || got != want {
			t.Errorf("%s\ngot  %s %v\nwant %s", sql, got, err, want)
		}
	}
}

// A file's neighbour with the ending .sql is the database before it, and says
// what statements give in the window and after contract.
func TestEveryFileIsCarriedOutAndTakenBack(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(testdata, "*.[yj]*"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		before := strings.TrimSuffix(path, filepath.Ext(path)) + ".sql"
		sql, err := os.ReadFile(before)
		must(t, "reading", err)
		c, err := file.Load(path)
		must(t, "loading", err)
		t.Run(filepath.Base(path)+" reverted", func(t *testing.T) {
			t.Parallel()
			e, conn, _ := database(t, string(sql))
			shape := value[string](t, conn, shapeOf)
			expandAndFill(t, e, c)
			holds(t, conn, told(t, before, "-- window"))
			must(t, "revert", e.Revert(within(t), c))
			same(t, conn, shapeOf, shape)
		})
		t.Run(filepath.Base(path)+" contracted", func(t *testing.T) {
			t.Parallel()
			e, conn, _ := database(t, string(sql))
			expandAndFill(t, e, c)
			must(t, "contract", e.Contract(within(t), c))
			must(t, "contract again", e.Contract(within(t), c))
			holds(t, conn, told(t, before, "-- after"))
			w, err := e.Observe(within(t), c)
			if err != nil || !w.Contracted {
				t.Errorf("after contract the world shows %+v, %v", w, err)
			}
			same(t, conn, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'cutover'::regnamespace", int64(0))
			same(t, conn, "SELECT count(*) FROM pg_class WHERE relname LIKE 'cutover%' AND relname NOT LIKE '%change%'", int64(0))
			same(t, conn, "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'cutover%'", int64(0))
		})
	}
}

func TestAFileThatDoesNotFitIsRefusedWithItsPlaceAndTheCure(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(testdata, "refused", "*"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			want := told(t, path, "# refused")[0]
			c, err := file.Load(path)
			if err == nil {
				e, conn, _ := database(t, strings.Join(told(t, path, "# before"), ";"))
				e.SmallTable = 1 << 20
				before := value[string](t, conn, shapeOf)
				if err = e.Expand(within(t), c); !errors.Is(err, postgres.ErrRefused) || !strings.Contains(err.Error(), "operation ") && c.VersionSchema == "" {
					t.Errorf("expand: %v", err)
				}
				same(t, conn, shapeOf, before)
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestWorkUnderALockEndsWithTheBudgetAlsoWhereTheTableSeemedSmall(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 300000)")
	before := value[string](t, conn, shapeOf)
	e.LockTimeout = 1_000_000 // one millisecond, in which nothing of that size is built
	c := change(schema.CreateConstraint{Table: "t", Constraint: schema.Constraint{Name: "apart", Type: "exclude",
		Exclude: &schema.Exclude{IndexMethod: "btree", Elements: "id WITH ="}}})
	must(t, "expand", e.Expand(within(t), c))
	err := e.Backfill(within(t), c, schema.Position{}, nil)
	if !errors.Is(err, postgres.ErrRefused) || !strings.Contains(err.Error(), "longer than the lock budget") {
		t.Errorf("got %v", err)
	}
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
}
