package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	driver "modernc.org/sqlite"

	"cutover/internal/schema"
	"cutover/internal/schema/schematest"
	"cutover/internal/schema/sqlite"
	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"writer": writeUntilToldToEnd, "upgrade": upgradeUntilKilled})
}

// connection is one connection of a program, in WAL mode, as apps have it.
type connection struct{ db *sql.DB }

func connect(path string, pragmas ...string) connection {
	return open(path, append([]string{"journal_mode(wal)"}, pragmas...)...)
}

// open leaves the journal's mode as it is.
func open(path string, pragmas ...string) connection {
	query := url.Values{"_dqs": {"0"}, "_pragma": append([]string{"busy_timeout(15000)", "synchronous(off)", "foreign_keys(1)"}, pragmas...)}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String())
	if err != nil {
		panic(err) // the driver is there
	}
	db.SetMaxOpenConns(1)
	return connection{db}
}

func (c connection) Exec(ctx context.Context, text string, args ...any) error {
	_, err := c.db.ExecContext(ctx, text, args...)
	return err
}

func (c connection) Rows(ctx context.Context, text string, args ...any) ([][]string, error) {
	rows, err := c.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		to := make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = "null"
			if v.Valid {
				row[i] = v.String
			}
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func (c connection) Close() { _ = c.db.Close() }

// house is one database of a test.
type house struct {
	t    *testing.T
	path string
	*sqlite.Engine
	connection
}

// database returns an engine and a connection to a new database in which
// statements have been run.
func database(t *testing.T, statements ...string) house {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app data?.db")
	h := house{t, path, engineOn(path), connect(path)}
	t.Cleanup(h.Close)
	h.run(append([]string{"PRAGMA user_version = 1"}, statements...)...)
	return h
}

func engineOn(path string) *sqlite.Engine {
	return (&sqlite.Engine{Path: path, LockTimeout: 100 * time.Millisecond, MaxPause: 100 * time.Millisecond, Tries: 300}).Volatile()
}

func (h house) run(statements ...string) {
	h.t.Helper()
	for _, text := range statements {
		if err := h.Exec(h.t.Context(), text); err != nil {
			h.t.Fatalf("%s: %v", text, err)
		}
	}
}

// gives fails unless a query gives exactly these lines.
func (h house) gives(query string, want ...string) {
	h.t.Helper()
	rows, err := h.Rows(h.t.Context(), query)
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	var got []string
	for _, row := range rows {
		got = append(got, strings.Join(row, "|"))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		h.t.Errorf("%s: got %q, want %q", query, got, want)
	}
}

// shape is the text of everything in the database.
func (h house) shape() string {
	h.t.Helper()
	rows, err := h.Rows(h.t.Context(), "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name <> 'sqlite_sequence' ORDER BY type, name")
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, row := range rows {
		all = append(all, strings.Join(row, " "))
	}
	return strings.Join(all, "\n")
}

func (h house) isShaped(want string) {
	h.t.Helper()
	if got := h.shape(); got != want {
		h.t.Errorf("the schema is\n%s\nwant\n%s", got, want)
	}
}

func (h house) fill(c schema.Change) {
	h.t.Helper()
	must(h.t, "expand", h.Expand(h.t.Context(), c))
	must(h.t, "backfill", h.Backfill(h.t.Context(), c, schema.Position{}, nil))
	w, err := h.Observe(h.t.Context(), c)
	must(h.t, "observe", err)
	if !w.Expanded || !w.Filled || w.Contracted {
		h.t.Fatalf("after the backfill the world shows %+v", w)
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func change(ops ...schema.Operation) schema.Change {
	return schema.Change{Name: "release_two", Operations: ops}
}

func isBusy(err error) bool {
	var trouble *driver.Error
	return errors.As(err, &trouble) && trouble.Code()&0xff == 5
}

// Some programs let triggers fire triggers, and some do not.
func TestTheArticlesExamples(t *testing.T) {
	t.Parallel()
	schematest.Articles(t, func(t *testing.T) schematest.Database {
		h := database(t)
		h.Batch = 4 * slow * slow * time.Millisecond // many small batches
		var connected atomic.Int64
		return schematest.Database{Engine: h.Engine, Programs: programs, Writes: 200 / slow, Pause: 4 * slow * time.Millisecond, IsBusy: isBusy,
			Connect: func(context.Context) (schematest.Conn, error) {
				return connect(h.path, fmt.Sprintf("recursive_triggers(%d)", connected.Add(1)%2)), nil
			},
			Shape: func(*testing.T) string { return h.shape() },
			Kept:  h.kept}
	}, sqlite.ErrNotVerified)
}

// kept returns the rows of the table that a revert has kept.
func (h house) kept(t *testing.T, table string) []string {
	t.Helper()
	names, err := h.Rows(t.Context(), "SELECT name FROM sqlite_schema WHERE name LIKE 'cutover_kept_"+table+"%'")
	must(t, "looking for what is kept", err)
	if len(names) != 1 {
		t.Fatalf("%d tables are kept", len(names))
	}
	rows, err := h.Rows(t.Context(), fmt.Sprintf("SELECT * FROM %q", names[0][0]))
	must(t, "reading what is kept", err)
	var all []string
	for _, row := range rows {
		all = append(all, strings.Join(row, "|"))
	}
	return all
}
