package sqlite

import (
	"context"
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// verifyRows is how many rows one statement of a verification reads, so that
// none of them keeps the log from being taken over into the database.
const verifyRows = 5000

// verify reads every row and records that none is torn and each is what it is
// to be. Contract relies on this record and on nothing else. From here only
// what changes a shape is acted upon: a column that new code empties stays
// empty.
func (s *session) verify(ctx context.Context, i int, p pair, synced bool, r record) error {
	if synced && p.needsTrigger() {
		err := s.write(ctx, "holding new rows of "+p.table.name+" to the new shape", func() error {
			if err := s.keep(ctx, i, r.generation, r); err != nil {
				return err
			}
			return s.makeTriggers(ctx, p, verifying)
		})
		if err != nil {
			return err
		}
		if err := s.verifyTable(ctx, p); err != nil {
			return err
		}
	}
	return s.write(ctx, "recording the verification of operation "+fmt.Sprint(i+1), func() error {
		if synced && p.needsTrigger() {
			if err := s.makeTriggers(ctx, p, settled); err != nil {
				return err
			}
		}
		next := r
		next.filled, next.verified = &r.generation, &r.generation
		return s.keep(ctx, i, r.generation, next)
	})
}

// finding is a condition no row may meet, and what it means.
type finding struct{ broken, means string }

func (p pair) findings() []finding {
	list := []finding{}
	if len(p.New) > 0 {
		list = append(list, finding{p.torn(p.itself()), "differ between their shapes; is the expression the same for the same row at every time?"})
	}
	for _, d := range p.demands(true) {
		list = append(list, finding{d.broken, "break what they are to hold: " + d.says})
	}
	return list
}

func (s *session) verifyTable(ctx context.Context, p pair) error {
	row := schema.Quote(p.table.name)
	for _, f := range p.findings() {
		broken, first := int64(0), int64(0)
		err := s.ranges(ctx, p, func(from, to int64) error {
			var n int64
			var where *int64
			err := s.get(ctx, fmt.Sprintf("SELECT count(*), min(%s) FROM %s WHERE %[1]s BETWEEN ? AND ? AND (%[3]s)", p.table.rowid, row, f.broken), []any{from, to}, &n, &where)
			if err == nil && n > 0 && broken == 0 {
				first = *where
			}
			broken += n
			return err
		})
		if err != nil {
			return fmt.Errorf("verifying %s: %w", p.table.name, err)
		}
		if broken > 0 {
			return fmt.Errorf("%w: %d rows of %s, the first with rowid %d, %s", ErrNotVerified, broken, p.table.name, first, f.means)
		}
	}
	return s.verifyKeys(ctx, p)
}

// ranges calls each with the first and last rowid of some rows at a time.
func (s *session) ranges(ctx context.Context, p pair, each func(from, to int64) error) error {
	some := func(where string) string {
		return fmt.Sprintf("SELECT min(r), max(r) FROM (SELECT %s AS r FROM %s%s ORDER BY 1 LIMIT %d)", p.table.rowid, schema.Quote(p.table.name), where, verifyRows)
	}
	query, args := some(""), []any(nil)
	for {
		var from, to *int64
		if err := s.get(ctx, query, args, &from, &to); err != nil || from == nil {
			return err
		}
		if err := each(*from, *to); err != nil {
			return err
		}
		query, args = some(" WHERE "+p.table.rowid+" > ?"), []any{*to}
	}
}

// verifyKeys looks for rows whose new columns refer to nothing.
func (s *session) verifyKeys(ctx context.Context, p pair) error {
	for _, n := range p.New {
		if n.Def.References == nil {
			continue
		}
		var broken int64
		err := s.get(ctx, `SELECT count(*) FROM pragma_foreign_key_check(?1) AS c
			WHERE c.fkid IN (SELECT f.id FROM pragma_foreign_key_list(?1) AS f WHERE lower(f."from") = lower(?2))`, []any{p.table.name, n.Physical}, &broken)
		if err != nil {
			return fmt.Errorf("verifying the foreign key of %s: %w", n.Physical, err)
		}
		if broken > 0 {
			return fmt.Errorf("%w: %d rows of %s refer by %s to rows of %s that are not there; mend `up`, or add them", ErrNotVerified, broken, p.table.name, n.Physical, n.Def.References.Table)
		}
	}
	return nil
}

// names lists quoted names.
func names(list []string) string {
	quoted := make([]string, len(list))
	for i, n := range list {
		quoted[i] = schema.Quote(n)
	}
	return strings.Join(quoted, ", ")
}
