package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/pace"
)

// Engine carries out changes on one database. Observe, Expand, Backfill,
// Contract and Revert are each safe to repeat, and each takes up what an
// earlier one, killed at any statement, has left.
type Engine struct {
	// Open makes a connection. The engine sets its own limits on it.
	Open func(ctx context.Context) (*pgx.Conn, error)
	// Namespace is the PostgreSQL schema of the tables; "" is public.
	Namespace string
	// LockTimeout is the lock budget: how long a statement waits for a lock,
	// and thereby holds up users behind it. 0 is 300 ms.
	LockTimeout time.Duration
	// Tries is how often a statement that did not get its lock is tried
	// again, with growing pauses up to MaxPause. 0 is 40, and 5 s.
	Tries    int
	MaxPause time.Duration
	// Patience is how long older transactions of others, or another cutover
	// at work, are waited for. 0 is 10 minutes.
	Patience time.Duration
	// Batch is how long one statement of a backfill should take. 0 is what
	// Pace says.
	Batch time.Duration
	// SmallTable is how many bytes a table may have for work that PostgreSQL
	// only does under a lock on all of it, and that is then given no longer
	// than the lock budget. 0 is 16 MiB.
	SmallTable int64
	// Pace says what a backfill may cost the users. The zero value sets no
	// limits; pace.Named has good ones.
	Pace pace.Limits
	// Paused, if set, is asked before each statement of a backfill, which waits
	// for as long as it is told to. It must not block.
	Paused func() (reason string, paused bool)
	// Report, if set, hears what is waited for. It must not block.
	Report func(what string)
}

// The refusals a caller may want to tell apart, see schema.
var (
	ErrRefused     = schema.ErrRefused
	ErrNotVerified = schema.ErrNotVerified
	ErrBusy        = schema.ErrBusy
	ErrContracted  = schema.ErrContracted
	// ErrNoRoom means that a disk of the database is full. What was done so
	// far is kept, and goes on when there is room.
	ErrNoRoom = errors.New("the database has no room left")
)

func (e *Engine) namespace() string {
	if e.Namespace == "" {
		return "public"
	}
	return e.Namespace
}

func (e *Engine) lockTimeout() time.Duration { return or(e.LockTimeout, 300*time.Millisecond) }
func (e *Engine) maxPause() time.Duration    { return or(e.MaxPause, 5*time.Second) }
func (e *Engine) patience() time.Duration    { return or(e.Patience, 10*time.Minute) }

func (e *Engine) tries() int {
	if e.Tries <= 0 {
		return 40
	}
	return e.Tries
}

func (e *Engine) smallTable() int64 {
	if e.SmallTable <= 0 {
		return 16 << 20
	}
	return e.SmallTable
}

func (e *Engine) report(what string) {
	if e.Report != nil {
		e.Report(what)
	}
}

func or(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// Shim returns the name of the schema through which new code reaches altered
// columns under their own names: it goes first in its search_path.
func Shim(c schema.Change) string {
	if c.VersionSchema != "" {
		return c.VersionSchema
	}
	return schema.Name("cutover", c.Name)
}
