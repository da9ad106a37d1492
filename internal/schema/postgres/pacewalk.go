package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/pace"
)

// passes is in how many statements, each committed, a batch of pages is
// filled. A packed page has no room for new versions of all its rows, and a
// version on another page needs an entry in every index. So the first pass
// moves an eighth of the rows away; what they leave is free once it is
// committed, and the second pass puts its new versions there, and so on: seven
// eighths stay on their page and touch no index. Where an older snapshot keeps
// the space from being free, rows move as they would in a single UPDATE.
const passes = 8

// walker fills one table.
type walker struct {
	*session
	operation int
	pair      pair
	at        schema.Position
	bound     int64
	progress  func(schema.Progress) error

	control *pace.Controller
	meter   pace.Meter
	// watch is nil where no load is heeded.
	watch *watch
	next  pace.Decision
	// log is how far the server's log was when it was last asked.
	log  int64
	said string
}

// limits are those of the pace, with this engine's own time for a statement.
func (e *Engine) limits() pace.Limits {
	l := e.Pace
	l.Batch = or(e.Batch, or(l.Batch, 50*time.Millisecond))
	return l
}

// walk fills the pages from at to the bound.
func (s *session) walk(ctx context.Context, operation int, p pair, at schema.Position, bound int64, progress func(schema.Progress) error) error {
	limits := s.limits()
	if err := limits.Validate(); err != nil {
		return fmt.Errorf("the pace of the backfill: %w", err)
	}
	if at.Page >= bound {
		return nil
	}
	w := &walker{session: s, operation: operation, pair: p, at: at, bound: bound, progress: progress, control: pace.New(limits)}
	if limits.Watches() {
		var err error
		if w.watch, err = s.startWatch(ctx, p, bound); err != nil {
			return err
		}
		defer w.watch.close()
	}
	w.meter.Add(time.Now(), 0, 0)
	w.decide(pace.Reading{})
	for w.at.Page < bound {
		if err := w.batch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// batch fills some pages, rests as it is told, and tells how far it is.
func (w *walker) batch(ctx context.Context) error {
	to := min(w.at.Page+w.next.Pages, w.bound)
	var rows int64
	var slowest time.Duration
	for n := range passes {
		if err := w.ready(ctx); err != nil {
			return err
		}
		began, before := time.Now(), w.log
		filled, err := w.pass(ctx, n, to)
		if err != nil {
			return err
		}
		rows += filled
		r := pace.Reading{Took: time.Since(began)}
		if slowest = max(slowest, r.Took); n == passes-1 {
			r.Pages, r.Slowest = to-w.at.Page, slowest
		}
		if before > 0 {
			r.Written = w.log - before
		}
		w.decide(r)
	}
	pages := to - w.at.Page
	w.at.Page = to
	w.meter.Add(time.Now(), pages, rows)
	return w.tell(rows, pages, w.next.Reason)
}

// pass fills one part of the pages' rows, again and again until the locks of
// their rows are to be had.
func (w *walker) pass(ctx context.Context, n int, to int64) (rows int64, err error) {
	err = w.retry(ctx, "filling "+w.pair.Table, func() (err error) {
		rows, err = w.fillPages(ctx, n, to)
		return err
	})
	return rows, err
}

// decide completes a reading and has the controller say what is next.
func (w *walker) decide(r pace.Reading) {
	r.Now = time.Now()
	if w.watch != nil {
		r.Load = w.watch.load(r.Now)
	}
	w.next = w.control.Next(r)
}

// ready rests, and returns when nothing says that the fill has to wait.
func (w *walker) ready(ctx context.Context) error {
	if err := rest(ctx, w.next.Rest); err != nil {
		return err
	}
	for {
		reason, wait := w.hold()
		if !wait {
			w.said = ""
			return nil
		}
		if reason != w.said {
			w.said = reason
			w.report("waiting: " + reason)
			w.meter.Add(time.Now(), 0, 0)
			if err := w.tell(0, 0, reason); err != nil {
				return err
			}
		}
		if err := rest(ctx, max(w.next.Rest, 100*time.Millisecond)); err != nil {
			return err
		}
		w.decide(pace.Reading{})
	}
}

// hold reports whether the fill has to wait, for people or for the database.
func (w *walker) hold() (reason string, wait bool) {
	if w.Paused != nil {
		if reason, paused := w.Paused(); paused {
			return reason, true
		}
	}
	if w.next.Stop {
		return "the database has too much to do: " + w.next.Reason, true
	}
	return "", false
}

// tell reports progress.
func (w *walker) tell(rows, batch int64, waits string) error {
	if w.progress == nil {
		return nil
	}
	err := w.progress(schema.Progress{Position: w.at, Table: w.pair.Table, Pages: w.bound, Rows: rows, Batch: batch,
		Rate: w.meter.Rows(), Left: w.meter.Left(w.bound - w.at.Page), Waits: waits})
	if err != nil {
		return fmt.Errorf("keeping the position: %w", err)
	}
	return nil
}

// rest does nothing for a while.
func rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// fillPages fills one part of the rows of some pages that are not filled yet,
// past the triggers, in one transaction. The commit does not wait for the disk:
// what a crash of the server takes back, it takes together with the page that
// is remembered, and it is filled again.
func (w *walker) fillPages(ctx context.Context, part int, to int64) (rows int64, err error) {
	update := w.update(part, to)
	err = pgx.BeginFunc(ctx, w.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('cutover.backfill', 'on', true), set_config('synchronous_commit', 'off', true),
			set_config('lock_timeout', $1, true)`, fmt.Sprintf("%dms", w.rowTimeout().Milliseconds())); err != nil {
			return err
		}
		// The lock of the update keeps the file as it is until the commit.
		tag, err := tx.Exec(ctx, update, pgx.QueryExecModeExec)
		if err != nil {
			return fmt.Errorf("%w in: %s", err, update)
		}
		rows = tag.RowsAffected()
		page := w.at.Page
		if part == passes-1 {
			page = to
		}
		var filenode uint32
		err = tx.QueryRow(ctx, `UPDATE cutover.change SET page = $4 WHERE change = $1 AND operation = $2
			RETURNING pg_relation_filenode($3::oid), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`,
			w.change.Name, w.operation, w.pair.table.oid, page).Scan(&filenode, &w.log)
		if err != nil {
			return fmt.Errorf("keeping the page in the database: %w", err)
		}
		if filenode != w.at.Filenode {
			return errRewritten
		}
		return nil
	})
	return rows, err
}

// rowTimeout is how long a batch waits for a row somebody else changes: it
// keeps others from the rows it has already.
func (w *walker) rowTimeout() time.Duration {
	return min(w.lockTimeout(), max(10*time.Millisecond, 2*w.limits().Batch))
}

// update returns the statement that fills one part of the rows. The last part
// is all that is left.
func (w *walker) update(part int, to int64) string {
	var sets, gives []string
	for _, n := range w.pair.New {
		sets = append(sets, schema.Quote(n.Physical)+" = "+w.pair.direct(n, locking(n)))
		gives = append(gives, w.pair.direct(n, n.Up)+" IS NOT NULL")
	}
	row := schema.Quote(w.pair.Table)
	some := ""
	if part < passes-1 {
		some = fmt.Sprintf("hashtid(%s.ctid) & %d = %d AND ", row, passes-1, part)
	}
	return fmt.Sprintf("UPDATE %[1]s AS %[2]s SET %[3]s WHERE %[2]s.ctid >= '(%[4]d,0)'::tid AND %[2]s.ctid < '(%[5]d,0)'::tid AND %[8]s%[6]s AND (%[7]s)",
		w.name(w.pair.Table), row, strings.Join(sets, ", "), w.at.Page, to, w.pair.empty(row), strings.Join(gives, " OR "), some)
}
