package sqlite

import (
	"context"
	"time"

	"cutover/internal/schema"
)

// Engine carries out changes on one database file. Observe, Expand, Backfill,
// Contract and Revert are each safe to repeat, and each takes up what an
// earlier one, killed at any statement, has left.
type Engine struct {
	// Path is the database file. It must exist.
	Path string
	// LockTimeout is the lock budget: how long one try waits for the write
	// lock, of which a database has one. 0 is 300 ms.
	LockTimeout time.Duration
	// Tries is how often a transaction that did not get the lock is tried
	// again, with growing pauses up to MaxPause. 0 is 40, and 5 s.
	Tries    int
	MaxPause time.Duration
	// Batch is how long one batch of a backfill should hold the write lock.
	// 0 is 20 ms.
	Batch time.Duration
	// Rewrite is the size, in bytes, up to which tables may be rewritten,
	// scanned or indexed in one transaction, while nobody else can write. 0 is
	// 128 MiB, a negative number is no limit.
	Rewrite int64
	// Rest, if set, is called after each batch and may take its time: this is
	// how a backfill is paced. Without it, a backfill leaves the lock free for
	// as long as it has held it.
	Rest func(ctx context.Context, batch time.Duration) error
	// Report, if set, hears what is waited for. It must not block.
	Report func(what string)

	// before, if set, is called before each statement.
	before func(sql string)
	// volatile leaves it to the system when what is committed gets to the disk:
	// the death of a process loses nothing, and tests are not about more.
	volatile bool
}

// The refusals a caller may want to tell apart, see schema.
var (
	ErrRefused     = schema.ErrRefused
	ErrNotVerified = schema.ErrNotVerified
	ErrBusy        = schema.ErrBusy
	ErrContracted  = schema.ErrContracted
)

func (e *Engine) lockTimeout() time.Duration { return or(e.LockTimeout, 300*time.Millisecond) }
func (e *Engine) maxPause() time.Duration    { return or(e.MaxPause, 5*time.Second) }
func (e *Engine) batch() time.Duration       { return or(e.Batch, 20*time.Millisecond) }

func (e *Engine) tries() int {
	if e.Tries <= 0 {
		return 40
	}
	return e.Tries
}

func (e *Engine) rewrite() int64 {
	if e.Rewrite == 0 {
		return 128 << 20
	}
	return e.Rewrite
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
