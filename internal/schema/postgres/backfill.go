package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/schema"
)

// errRewritten means that the table got a new file, with every row in another
// place.
var errRewritten = errors.New("the table was rewritten")

// Backfill gives every old row its new shape, in batches of pages as the pace
// allows, then builds indexes, validates constraints and verifies all rows. It
// continues at from, or at what the database itself remembers if that is less;
// progress hears of every batch and every wait, and an error from it ends the
// backfill. Repeated on what is filled and verified, it changes nothing.
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
		bound, safe, err := s.bound(ctx, i, p, r)
		if err != nil {
			return err
		}
		// A position is a hint: what the server had not yet written to its disk
		// when it crashed, or had not yet sent to the replica that took over,
		// is behind it.
		if from.Filenode != safe.Filenode || from.Page > safe.Page {
			from = safe
		}
		err = s.walk(ctx, i, p, from, bound, progress)
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

// bound returns the first page that need not be filled, and the position up
// to which all are. The bound is fixed once, for as long as the table keeps its
// file.
func (s *session) bound(ctx context.Context, i int, p pair, r record) (int64, schema.Position, error) {
	t, err := s.table(ctx, s.conn, p.Table)
	if err != nil {
		return 0, schema.Position{}, err
	}
	safe := schema.Position{Operation: i, Filenode: t.filenode}
	if r.bound != nil && r.filenode != nil && r.page != nil && *r.filenode == t.filenode {
		safe.Page = *r.page
		return *r.bound, safe, nil
	}
	var since time.Time
	if err := s.conn.QueryRow(ctx, "SELECT triggers FROM cutover.change WHERE change = $1 AND operation = $2", s.change.Name, i).Scan(&since); err != nil {
		return 0, safe, fmt.Errorf("reading since when the triggers are: %w", err)
	}
	if err := s.drain(ctx, since); err != nil {
		return 0, safe, err
	}
	var pages int64
	if err := s.conn.QueryRow(ctx, "SELECT pg_relation_size($1::oid) / current_setting('block_size')::int", t.oid).Scan(&pages); err != nil {
		return 0, safe, fmt.Errorf("measuring %s: %w", p.Table, err)
	}
	return pages, safe, s.markNow(ctx, i, fmt.Sprintf("bound = %d, filenode = %d, page = 0", pages, t.filenode))
}
