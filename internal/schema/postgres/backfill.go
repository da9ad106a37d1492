package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/schema"
)

// errRewritten means that the table got a new file, with every row in another
// place.
var errRewritten = errors.New("the table was rewritten")

// Backfill gives every old row its new shape, in batches of pages that adapt
// to how long they take, then builds indexes, validates constraints and
// verifies all rows. It continues at from; progress hears of every batch, and
// an error from it ends the backfill. Repeated on what is filled and
// verified, it changes nothing.
func (e *Engine) Backfill(ctx context.Context, c schema.Change, from schema.Position, progress func(schema.Progress) error) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil {
		return err
	}
	if records == nil {
		return fmt.Errorf("%w: the change %s is not expanded", ErrRefused, c.Name)
	}
	for i := range c.Operations {
		if records[i].expanded == nil {
			return fmt.Errorf("%w: operation %d of %s is not expanded", ErrRefused, i+1, c.Name)
		}
	}
	// Everything is filled before the first index is built: an index on a
	// column makes each row that is filled afterwards cost far more.
	for _, stage := range []func(i int, r record) error{
		func(i int, r record) error {
			start := schema.Position{Operation: i}
			if from.Operation == i {
				start = from
			}
			return s.fillOperation(ctx, i, r, start, progress)
		},
		func(i int, r record) error { return s.finish(ctx, i, r) },
	} {
		for i, op := range c.Operations {
			if records[i].contracted != nil {
				continue
			}
			if err := stage(i, records[i]); err != nil {
				return fmt.Errorf("backfilling operation %d, %s: %w", i+1, op.Kind(), room(err))
			}
		}
	}
	return nil
}

// room says what to do about a full disk. A table that is filled needs up to
// as much room again as it has.
func room(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "53100" {
		return fmt.Errorf("%w: make some, about as much as the table has, and go on; or revert, which needs none: %w", ErrNoRoom, err)
	}
	return err
}

// fillOperation fills the new columns of one operation, if it has any.
func (s *session) fillOperation(ctx context.Context, i int, r record, from schema.Position, progress func(schema.Progress) error) error {
	p, synced, err := s.pair(ctx, s.conn, i)
	if err != nil || !synced || len(p.New) == 0 || r.filled != nil {
		return err
	}
	return s.fill(ctx, i, p, r, from, progress)
}

// finish builds indexes and constraints, now that everything is filled, and
// verifies what has two shapes.
func (s *session) finish(ctx context.Context, i int, r record) error {
	p, synced, err := s.pair(ctx, s.conn, i)
	if err != nil {
		return err
	}
	if synced {
		if err := s.makeAgain(ctx, p.Table); err != nil {
			return err
		}
		for _, n := range p.New {
			if err := s.constrain(ctx, i, p, n, true); err != nil {
				return err
			}
		}
	}
	if err := s.build(ctx, i); err != nil {
		return err
	}
	if !synced {
		return s.markNow(ctx, i, "filled = coalesce(filled, clock_timestamp()), verified = clock_timestamp()")
	}
	if r.fresh() {
		return nil
	}
	return s.verify(ctx, i, p)
}

// fill walks the pages that were there when older transactions had ended.
func (s *session) fill(ctx context.Context, i int, p pair, r record, from schema.Position, progress func(schema.Progress) error) error {
	for {
		bound, filenode, err := s.bound(ctx, i, p, r)
		if err != nil {
			return err
		}
		if from.Filenode != filenode {
			from = schema.Position{Operation: i, Filenode: filenode}
		}
		err = s.walk(ctx, p, from, bound, progress)
		if err == nil {
			return s.markNow(ctx, i, "filled = clock_timestamp()")
		}
		if !errors.Is(err, errRewritten) {
			return err
		}
		s.report(p.Table + " was rewritten by somebody; its backfill begins again")
		r.bound, from = nil, schema.Position{Operation: i}
	}
}

// bound returns the first page that need not be filled. It is fixed once, for
// as long as the table keeps its file.
func (s *session) bound(ctx context.Context, i int, p pair, r record) (int64, uint32, error) {
	t, err := s.table(ctx, s.conn, p.Table)
	if err != nil {
		return 0, 0, err
	}
	if r.bound != nil && r.filenode != nil && *r.filenode == t.filenode {
		return *r.bound, t.filenode, nil
	}
	var since time.Time
	if err := s.conn.QueryRow(ctx, "SELECT triggers FROM cutover.change WHERE change = $1 AND operation = $2", s.change.Name, i).Scan(&since); err != nil {
		return 0, 0, fmt.Errorf("reading since when the triggers are: %w", err)
	}
	if err := s.drain(ctx, since); err != nil {
		return 0, 0, err
	}
	var pages int64
	if err := s.conn.QueryRow(ctx, "SELECT pg_relation_size($1::oid) / current_setting('block_size')::int", t.oid).Scan(&pages); err != nil {
		return 0, 0, fmt.Errorf("measuring %s: %w", p.Table, err)
	}
	return pages, t.filenode, s.markNow(ctx, i, fmt.Sprintf("bound = %d, filenode = %d", pages, t.filenode))
}

// walk fills batch after batch. A batch that takes longer than it should makes
// the next one smaller, a quick one makes it larger.
func (s *session) walk(ctx context.Context, p pair, at schema.Position, bound int64, progress func(schema.Progress) error) error {
	const most = 1024
	size := int64(8)
	for at.Page < bound {
		began := time.Now()
		to := min(at.Page+size, bound)
		var rows int64
		err := s.retry(ctx, "filling "+p.Table, func() (err error) {
			rows, err = s.fillPages(ctx, p, at, to)
			return err
		})
		if err != nil {
			return err
		}
		took := time.Since(began)
		batch := to - at.Page
		at.Page = to
		if progress != nil {
			if err := progress(schema.Progress{Position: at, Table: p.Table, Pages: bound, Rows: rows, Batch: batch}); err != nil {
				return fmt.Errorf("keeping the position: %w", err)
			}
		}
		switch {
		case took > s.batch():
			size = max(1, size/2)
		case took < s.batch()/2:
			size = min(most, size*2)
		}
		if s.Rest != nil {
			if err := s.Rest(ctx, took); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillPages fills the rows of some pages that are not filled yet, past the
// triggers, in one transaction.
func (s *session) fillPages(ctx context.Context, p pair, at schema.Position, to int64) (int64, error) {
	var sets, gives []string
	for _, n := range p.New {
		sets = append(sets, schema.Quote(n.Physical)+" = "+p.direct(n, locking(n)))
		gives = append(gives, p.direct(n, n.Up)+" IS NOT NULL")
	}
	row := schema.Quote(p.Table)
	update := fmt.Sprintf("UPDATE %[1]s AS %[2]s SET %[3]s WHERE %[2]s.ctid >= '(%[4]d,0)'::tid AND %[2]s.ctid < '(%[5]d,0)'::tid AND %[6]s AND (%[7]s)",
		s.name(p.Table), row, strings.Join(sets, ", "), at.Page, to, p.empty(row), strings.Join(gives, " OR "))
	var rows int64
	err := pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		if err := exec(ctx, tx, "SET LOCAL cutover.backfill = 'on'"); err != nil {
			return err
		}
		// The lock of the update keeps the file as it is until the commit.
		tag, err := tx.Exec(ctx, update, pgx.QueryExecModeExec)
		if err != nil {
			return fmt.Errorf("%w in: %s", err, update)
		}
		rows = tag.RowsAffected()
		var filenode uint32
		if err := tx.QueryRow(ctx, "SELECT pg_relation_filenode($1::oid)", p.table.oid).Scan(&filenode); err != nil {
			return err
		}
		if filenode != at.Filenode {
			return errRewritten
		}
		return nil
	})
	return rows, err
}
