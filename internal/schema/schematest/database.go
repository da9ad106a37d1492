package schematest

import (
	"context"
	"slices"
	"testing"
	"time"

	"cutover/internal/schema"
)

// Engine is what is tested: the way an engine carries a change out. Each
// method is safe to repeat.
type Engine interface {
	Check(ctx context.Context, c schema.Change) error
	Observe(ctx context.Context, c schema.Change) (schema.World, error)
	Expand(ctx context.Context, c schema.Change) error
	Backfill(ctx context.Context, c schema.Change, from schema.Position, progress func(schema.Progress) error) error
	Contract(ctx context.Context, c schema.Change) error
	Revert(ctx context.Context, c schema.Change) error
}

// Database is an empty database with an engine on it.
type Database struct {
	Engine Engine
	// Connect returns a further connection, as a program of the app has one.
	Connect func(ctx context.Context) (Conn, error)
	// Shape describes everything but rows: the same shape, the same text.
	Shape func(t *testing.T) string
	// Kept returns the rows of what a revert has kept of a table, as Rows does.
	Kept func(t *testing.T, table string) []string
	// Programs is how many programs of old code, and of new, write at once.
	Programs int
	// Writes is how many statements of old code, and of new, a test waits for
	// at each stage.
	Writes int64
	// Pause is the time between two statements of one program: where nobody
	// queues for a lock, programs that never pause starve each other.
	Pause time.Duration
	// IsBusy tells an error that is only about who came first.
	IsBusy func(err error) bool
}

// Conn is one connection. SQL is what PostgreSQL and SQLite both understand,
// with $1 for arguments; a column comes as text, NULL as "null".
type Conn interface {
	Exec(ctx context.Context, sql string, args ...any) error
	Rows(ctx context.Context, sql string, args ...any) ([][]string, error)
	Close()
}

// Open returns a new database for one test.
type Open func(t *testing.T) Database

// lines joins the columns of each row by a bar.
func lines(rows [][]string) []string {
	var out []string
	for _, row := range rows {
		line := ""
		for i, column := range row {
			if i > 0 {
				line += "|"
			}
			line += column
		}
		out = append(out, line)
	}
	return out
}

// app is a program of the test, with its connection.
type app struct {
	t *testing.T
	Conn
}

func (d Database) app(t *testing.T) app {
	t.Helper()
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	t.Cleanup(conn.Close)
	return app{t, conn}
}

// run runs statements that must succeed.
func (a app) run(statements ...string) {
	a.t.Helper()
	for _, sql := range statements {
		if err := a.Exec(a.t.Context(), sql); err != nil {
			a.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// gives fails unless a query gives exactly these lines.
func (a app) gives(sql string, want ...string) {
	a.t.Helper()
	rows, err := a.Rows(a.t.Context(), sql)
	if err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
	if got := lines(rows); !slices.Equal(got, want) {
		a.t.Errorf("%s: got %q, want %q", sql, got, want)
	}
}

// refuses fails if a statement succeeds.
func (a app) refuses(sql string) {
	a.t.Helper()
	if a.Exec(a.t.Context(), sql) == nil {
		a.t.Errorf("%s: was not refused", sql)
	}
}
