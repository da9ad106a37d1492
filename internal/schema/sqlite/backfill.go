package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"cutover/internal/schema"
)

// errRenumbered means that rows may have other rowids than before.
var errRenumbered = errors.New("the table's rows were renumbered")

// Backfill gives every old row its new shape, in batches that adapt to how
// long they hold the write lock, then builds indexes, and verifies all rows. A
// position's and a progress's pages are rowids here. It continues at from;
// progress hears of every batch, and an error from it ends the backfill.
// Repeated on what is filled and verified, it changes nothing.
func (e *Engine) Backfill(ctx context.Context, c schema.Change, from schema.Position, progress func(schema.Progress) error) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	return s.backfillAll(ctx, from, progress)
}

func (s *session) backfillAll(ctx context.Context, from schema.Position, progress func(schema.Progress) error) error {
	records, err := s.records(ctx)
	if err != nil {
		return err
	}
	if records == nil {
		return fmt.Errorf("%w: the change %s is not expanded", ErrRefused, s.change.Name)
	}
	for i, op := range s.change.Operations {
		if !records[i].expanded() {
			return fmt.Errorf("%w: operation %d of %s is not expanded", ErrRefused, i+1, s.change.Name)
		}
		if records[i].contracted {
			continue
		}
		start := schema.Position{Operation: i}
		if from.Operation == i {
			start = from
		}
		if err := s.backfill(ctx, i, records[i], start, progress); err != nil {
			return fmt.Errorf("backfilling operation %d, %s: %w", i+1, op.Kind(), err)
		}
	}
	return nil
}

// backfill brings one operation to the end of its stage.
func (s *session) backfill(ctx context.Context, i int, r record, from schema.Position, progress func(schema.Progress) error) error {
	p, synced, err := s.pair(ctx, i, r.relaxed)
	if err != nil {
		return err
	}
	if synced && len(p.New) > 0 && !r.isFilled() {
		if err := s.fill(ctx, i, p, r, from, progress); err != nil {
			return err
		}
	}
	if r.fresh() {
		return nil
	}
	r.filled = &r.generation
	if err := s.finish(ctx, i, p, synced); err != nil {
		return err
	}
	return s.verify(ctx, i, p, synced, r)
}

// fill walks the rows that were there when the triggers were made. Nobody can
// have begun to write before that and go on after it: there is one write lock.
func (s *session) fill(ctx context.Context, i int, p pair, r record, from schema.Position, progress func(schema.Progress) error) error {
	for {
		version, err := s.rowids(ctx, p, r)
		if err != nil {
			return err
		}
		if r.bound == nil {
			return s.markFilled(ctx, i, r)
		}
		if from.Filenode != version {
			from = schema.Position{Operation: i, Filenode: version}
			if err := s.get(ctx, fmt.Sprintf("SELECT coalesce(min(%s), 0) FROM %s", p.table.rowid, schema.Quote(p.table.name)), nil, &from.Page); err != nil {
				return err
			}
		}
		err = s.walk(ctx, p, r, from, *r.bound, progress)
		if err == nil {
			return s.markFilled(ctx, i, r)
		}
		if !errors.Is(err, errRenumbered) {
			return err
		}
		s.report("the rows of " + p.table.name + " may have been renumbered; its backfill begins again")
		from = schema.Position{}
		if err := s.get(ctx, fmt.Sprintf("SELECT max(%s) FROM %s", p.table.rowid, schema.Quote(p.table.name)), nil, &r.bound); err != nil {
			return err
		}
	}
}

func (s *session) markFilled(ctx context.Context, i int, r record) error {
	return s.write(ctx, "recording that the fill is done", func() error {
		next := r
		next.filled = &r.generation
		return s.keep(ctx, i, r.generation, next)
	})
}

// rowids identifies what the table's rowids are: they are the same for as long
// as a column keeps them, or else for as long as nobody runs VACUUM, which
// counts as a change of the schema.
func (s *session) rowids(ctx context.Context, p pair, r record) (uint32, error) {
	if p.table.keyed {
		return r.generation, nil
	}
	var version uint32
	if err := s.get(ctx, "PRAGMA schema_version", nil, &version); err != nil {
		return 0, fmt.Errorf("reading the schema's version: %w", err)
	}
	h := fnv.New32a()
	_, _ = h.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, r.generation), version)) // never fails
	return h.Sum32(), nil
}

// walk fills batch after batch. A batch that holds the lock longer than it
// should makes the next one smaller, a quick one makes it larger.
func (s *session) walk(ctx context.Context, p pair, r record, at schema.Position, bound int64, progress func(schema.Progress) error) error {
	first, size := at.Page, int64(100)
	for done := false; !done && at.Page <= bound; {
		var rows int64
		var to *int64
		var took time.Duration
		err := s.write(ctx, "filling "+p.table.name, func() (err error) {
			began := time.Now()
			to, rows, err = s.fillRows(ctx, p, r, at, bound, size)
			took = time.Since(began)
			return err
		})
		if err != nil {
			return err
		}
		last := bound
		if to != nil {
			last = *to
		}
		covered := last - at.Page + 1
		done = last == math.MaxInt64
		at.Page = last
		if !done {
			at.Page++
		}
		if progress != nil {
			if err := progress(schema.Progress{Position: at, Table: p.table.name, Pages: bound - first + 1, Rows: rows, Batch: covered}); err != nil {
				return fmt.Errorf("keeping the position: %w", err)
			}
		}
		size = s.nextSize(size, took)
		if err := s.rest(ctx, took); err != nil {
			return err
		}
	}
	return nil
}

// nextSize returns how many rows the next batch reads. The least keeps the cost
// of a statement small beside that of its rows.
func (s *session) nextSize(size int64, took time.Duration) int64 {
	const least, most = 20, 10000
	switch {
	case took > s.batch():
		return max(least, size/2)
	case took < s.batch()/2:
		return min(most, size*2)
	}
	return size
}

// rest lets others have the lock.
func (s *session) rest(ctx context.Context, took time.Duration) error {
	if s.Rest != nil {
		return s.Rest(ctx, took)
	}
	return sleep(ctx, min(took, s.batch()))
}

// fillRows fills the next rows that are not filled yet, and returns the last
// rowid it came to, nil if no row is left. What it writes agrees with the old
// shape, which is why no trigger acts upon it.
func (s *session) fillRows(ctx context.Context, p pair, r record, at schema.Position, bound, size int64) (*int64, int64, error) {
	version, err := s.rowids(ctx, p, r)
	if err != nil {
		return nil, 0, err
	}
	if version != at.Filenode {
		return nil, 0, errRenumbered
	}
	row := schema.Quote(p.table.name)
	var to *int64
	err = s.get(ctx, fmt.Sprintf("SELECT max(r) FROM (SELECT %s AS r FROM %s WHERE %[1]s BETWEEN ? AND ? ORDER BY %[1]s LIMIT ?)", p.table.rowid, row),
		[]any{at.Page, bound, size}, &to)
	if err != nil || to == nil {
		return nil, 0, err
	}
	rows, err := s.run(ctx, fmt.Sprintf("UPDATE %s SET %s WHERE %s.%s BETWEEN ? AND ? AND %s",
		row, setText(p.fill()), row, p.table.rowid, p.unfilled(row)), at.Page, *to)
	return to, rows, err
}
