package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cutover/internal/schema"
)

// indexText returns the statement of a create_index. An index that a crash
// left is whole: it is made in one transaction.
func indexText(o schema.CreateIndex) string {
	var columns []string
	for _, c := range o.Columns {
		column := schema.Quote(c.Column)
		if c.Collate != "" {
			column += " COLLATE " + schema.Quote(c.Collate)
		}
		columns = append(columns, strings.TrimSpace(column+" "+c.Sort))
	}
	text := "CREATE "
	if o.Unique {
		text += "UNIQUE "
	}
	text += fmt.Sprintf("INDEX IF NOT EXISTS %s ON %s (%s)", schema.Quote(o.Name), schema.Quote(o.Table), strings.Join(columns, ", "))
	if o.Predicate != "" {
		text += " WHERE " + o.Predicate
	}
	return text
}

// twin is an index of an old column and the one that takes its place.
type twin struct {
	old  string
	text func(name string) string
}

func (t twin) meanwhile() string { return schema.Name("cutover_new", t.old) }

// twins lists the plain indexes on columns that the new ones take the place
// of. What other indexes an old column has the rehearsal finds.
func (s *session) twins(ctx context.Context, p pair) ([]twin, error) {
	type index struct {
		name   string
		unique bool
	}
	var all []index
	err := s.each(ctx, "SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin = 'c' AND NOT partial ORDER BY name", []any{p.table.name}, func(scan func(...any) error) error {
		var one index
		err := scan(&one.name, &one.unique)
		all = append(all, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the indexes of %s: %w", p.table.name, err)
	}
	var out []twin
	for _, one := range all {
		op, takes, err := s.copyOf(ctx, p, one.name)
		if err != nil {
			return nil, err
		}
		op.Unique = one.unique
		if takes && !s.drops(one.name) {
			out = append(out, twin{old: one.name, text: func(name string) string {
				op.Name = name
				return indexText(op)
			}})
		}
	}
	return out, nil
}

// copyOf returns an index with the new columns in the places of the old ones.
// It takes no place if it has none of these, or an expression.
func (s *session) copyOf(ctx context.Context, p pair, name string) (op schema.CreateIndex, takes bool, err error) {
	op.Table = p.table.name
	plain := true
	err = s.each(ctx, `SELECT coalesce(name, ''), "desc", coll FROM pragma_index_xinfo(?) WHERE "key" ORDER BY seqno`, []any{name}, func(scan func(...any) error) error {
		var c schema.IndexColumn
		var descending bool
		if err := scan(&c.Column, &descending, &c.Collate); err != nil {
			return err
		}
		if descending {
			c.Sort = "DESC"
		}
		plain = plain && c.Column != ""
		if at := slices.IndexFunc(p.New, func(n schema.NewColumn) bool { return strings.EqualFold(n.Of, c.Column) }); at >= 0 {
			c.Column, takes = p.New[at].Physical, true
		}
		op.Columns = append(op.Columns, c)
		return nil
	})
	if err != nil {
		return op, false, fmt.Errorf("reading the index %s: %w", name, err)
	}
	return op, plain && takes, nil
}

// drops reports whether the change drops an index itself.
func (s *session) drops(index string) bool {
	return slices.ContainsFunc(s.change.Operations, func(op schema.Operation) bool {
		o, ok := op.(schema.DropIndex)
		return ok && strings.EqualFold(o.Name, index)
	})
}

// indexesOn lists the indexes that name one of some columns.
func (s *session) indexesOn(ctx context.Context, table string, columns []string) ([]string, error) {
	var found []string
	for _, column := range columns {
		list, err := s.list(ctx, `SELECT DISTINCT l.name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i
			WHERE l.origin = 'c' AND lower(i.name) = lower(?) ORDER BY 1`, table, column)
		if err != nil {
			return nil, fmt.Errorf("looking for the indexes of %s: %w", column, err)
		}
		for _, name := range list {
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	return found, nil
}
