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

// verify reads every row and records that none is torn. Contract relies on
// this record and on nothing else. From here only what changes a shape enters
// the triggers: a column that new code empties stays empty.
func (s *session) verify(ctx context.Context, i int, p pair) error {
	if len(p.New) > 0 {
		if err := s.verifyRows(ctx, p); err != nil {
			return err
		}
	}
	return s.ddl(ctx, "recording the verification of "+p.Table, func(tx pgx.Tx) error {
		if p.needsTrigger() {
			if err := exec(ctx, tx, s.createTrigger(p, false)...); err != nil {
				return err
			}
		}
		return s.mark(ctx, tx, i, "filled = coalesce(filled, clock_timestamp()), verified = clock_timestamp()")
	})
}

func (s *session) verifyRows(ctx context.Context, p pair) error {
	var pages int64
	if err := s.conn.QueryRow(ctx, "SELECT pg_relation_size($1::oid) / current_setting('block_size')::int", p.table.oid).Scan(&pages); err != nil {
		return fmt.Errorf("measuring %s: %w", p.Table, err)
	}
	var torn int64
	var first string
	// Reading takes its share of the time as writing does; as statements are
	// short, none of them keeps old rows alive for long.
	w := &walker{session: s, pair: p, control: pace.New(pace.Limits{Batch: s.limits().Batch, Share: s.Pace.Share})}
	w.decide(pace.Reading{})
	for at, to := int64(0), int64(0); at < pages; at = to {
		if err := w.ready(ctx); err != nil {
			return err
		}
		to = at + w.next.Pages
		began := time.Now()
		var n int64
		var where *string
		err := s.conn.QueryRow(ctx, fmt.Sprintf("SELECT count(*), min(r.ctid::text) FROM %s AS r WHERE r.ctid >= '(%d,0)'::tid AND r.ctid < '(%d,0)'::tid AND (%s)",
			s.name(p.Table), at, to, p.torn("r"))).Scan(&n, &where)
		if err != nil {
			return fmt.Errorf("verifying %s: %w", p.Table, err)
		}
		took := time.Since(began)
		w.decide(pace.Reading{Took: took, Pages: to - at, Slowest: took})
		if torn += n; n > 0 && first == "" {
			first = *where
		}
	}
	if torn > 0 {
		return fmt.Errorf("%w: %d rows of %s differ between their shapes, the first at ctid %s, in %s; is the expression the same for the same row at every time?",
			ErrNotVerified, torn, p.Table, first, strings.Join(p.newNames(), ", "))
	}
	return nil
}

func (p pair) newNames() []string {
	var list []string
	for _, n := range p.New {
		list = append(list, schema.Quote(n.Physical))
	}
	return list
}
