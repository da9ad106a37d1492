package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cutover/internal/schema"
)

// unique is a unique index, by its columns and how each is compared.
type unique struct{ columns, collations []string }

// uniquesOf lists the unique indexes of a table that cover every row.
func (s *session) uniquesOf(ctx context.Context, table string) ([]unique, error) {
	names, err := s.list(ctx, `SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial ORDER BY name`, table)
	if err != nil {
		return nil, fmt.Errorf("reading the indexes of %s: %w", table, err)
	}
	var all []unique
	for _, name := range names {
		var u unique
		err := s.each(ctx, `SELECT coalesce(name, ''), coll FROM pragma_index_xinfo(?) WHERE "key" ORDER BY seqno`, []any{name}, func(scan func(...any) error) error {
			var column, collation string
			err := scan(&column, &collation)
			u.columns, u.collations = append(u.columns, column), append(u.collations, collation)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the index %s: %w", name, err)
		}
		all = append(all, u)
	}
	return all, nil
}

// guards are what keeps a step from being done. A statement's OR FAIL or OR
// IGNORE counts for its triggers' updates too, and would leave a row torn
// whose update fails; a guard takes the whole statement back instead.
func (p pair) guards(st step, here string) []demand {
	var list []demand
	for _, one := range st.sets {
		if c, ok := p.table.column(one.column); ok && c.notNull && !c.relaxed {
			list = append(list, demand{broken: one.value + " IS NULL", says: "NOT NULL constraint failed: " + p.table.name + "." + c.name})
		}
	}
	for _, u := range p.uniques {
		if g, ok := p.taken(u, st, here); ok {
			list = append(list, g)
		}
	}
	return list
}

// taken is true where another row has what a step would write, if the step
// writes to a unique index at all.
func (p pair) taken(u unique, st step, here string) (demand, bool) {
	row, writes := p.itself(), false
	conditions := []string{"other." + p.table.rowid + " <> NEW." + p.table.rowid}
	for i, column := range u.columns {
		value := of(row, column)
		if at := slices.IndexFunc(st.sets, func(s set) bool { return strings.EqualFold(s.column, column) }); at >= 0 {
			// A row of its own to look at, so that no name in it is the other row's.
			value, writes = fmt.Sprintf("(SELECT %s FROM %s WHERE %s)", st.sets[at].value, row, here), true
		}
		conditions = append(conditions, fmt.Sprintf("%s = +%s COLLATE %s", of("other", column), value, schema.Quote(u.collations[i])))
	}
	return demand{broken: fmt.Sprintf("EXISTS (SELECT 1 FROM %s AS other WHERE %s)", row, strings.Join(conditions, " AND ")),
		says: "UNIQUE constraint failed: " + p.table.name + "." + strings.Join(u.columns, ", ")}, writes
}
