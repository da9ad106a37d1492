package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// pair is a set of columns in two shapes, with what the catalogue knows of it,
// and the place where its expressions become SQL.
type pair struct {
	schema.Sync
	table   table
	source  table // that of Source, if there is one
	trigger string
	typeOf  map[string]string // of new columns
}

// pair resolves the operation's sync; ok is false if it has none.
func (s *session) pair(ctx context.Context, q queryer, operation int) (p pair, ok bool, err error) {
	sync, is, err := s.syncOf(ctx, q, s.change.Operations[operation])
	if err != nil || !is {
		return pair{}, false, err
	}
	t, err := s.table(ctx, q, sync.Table)
	if err != nil {
		return pair{}, false, err
	}
	p = pair{Sync: sync, table: t, typeOf: map[string]string{},
		trigger: schema.Name("zz_cutover", s.change.Name, fmt.Sprint(operation))}
	if sync.Source != nil {
		if p.source, err = s.table(ctx, q, sync.Source.Table); err != nil {
			return pair{}, false, err
		}
	}
	for _, n := range sync.New {
		p.typeOf[n.Physical] = n.Def.Type
		if old, is := t.column(n.Of); is && n.Def.Type == "" {
			p.typeOf[n.Physical] = old.typ
		}
	}
	return p, true, nil
}

// syncOf returns the columns an operation keeps in step; the one a constraint
// is on may only be known to the database.
func (s *session) syncOf(ctx context.Context, q queryer, op schema.Operation) (schema.Sync, bool, error) {
	syncing, is := op.(schema.Syncing)
	if !is {
		return schema.Sync{}, false, nil
	}
	if o, drops := op.(schema.DropConstraint); drops && o.Column == "" {
		if _, copies := o.Sync(); copies {
			err := q.QueryRow(ctx, `SELECT a.attname FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
				WHERE k.conrelid = to_regclass($1) AND k.conname = $2 AND cardinality(k.conkey) = 1`, s.name(o.Table), o.Name).Scan(&o.Column)
			if errors.Is(err, pgx.ErrNoRows) {
				return schema.Sync{}, false, fmt.Errorf("%w: %s has no constraint %s on one column; for several, use drop_multicolumn_constraint", ErrRefused, o.Table, o.Name)
			}
			if err != nil {
				return schema.Sync{}, false, fmt.Errorf("looking for the constraint %s: %w", o.Name, err)
			}
			syncing = o
		}
	}
	sync, is := syncing.Sync()
	return sync, is, nil
}

// upColumns are what an `up` may name: the table without the new shape.
func (p pair) upColumns(row string) string {
	var list []string
	for _, c := range p.table.columns {
		if !p.isNew(c.name) {
			list = append(list, row+"."+schema.Quote(c.name)+" AS "+schema.Quote(c.name))
		}
	}
	return strings.Join(list, ", ")
}

// downColumns are what a `down` may name: the table without the old shape,
// the new one under the names new code knows.
func (p pair) downColumns(row string) string {
	var list []string
	for _, c := range p.table.columns {
		if !p.isNew(c.name) && !p.isOld(c.name) {
			list = append(list, row+"."+schema.Quote(c.name)+" AS "+schema.Quote(c.name))
		}
	}
	for _, n := range p.New {
		list = append(list, row+"."+schema.Quote(n.Physical)+" AS "+schema.Quote(n.Final))
	}
	return strings.Join(list, ", ")
}

func (p pair) isNew(name string) bool {
	return slices.ContainsFunc(p.New, func(n schema.NewColumn) bool { return n.Physical == name })
}

func (p pair) isOld(name string) bool {
	return slices.ContainsFunc(p.Old, func(o schema.OldColumn) bool { return o.Name == name })
}

// up returns the value of a new column for the old shape of row. The line
// break keeps a comment at the end of an expression from swallowing more.
func (p pair) up(n schema.NewColumn, row string) string { return p.upBy(n, row, n.Up) }

// writing returns the same value where it is about to be written.
func (p pair) writing(n schema.NewColumn, row string) string { return p.upBy(n, row, locking(n)) }

func locking(n schema.NewColumn) string {
	if n.Locking != "" {
		return n.Locking
	}
	return n.Up
}

func (p pair) upBy(n schema.NewColumn, row, expr string) string {
	return fmt.Sprintf("(SELECT CAST((%s\n) AS %s) FROM (SELECT %s) AS %s)", expr, p.typeOf[n.Physical], p.upColumns(row), schema.Quote(p.Table))
}

// direct returns the same value where the row is the table's own, as in an
// UPDATE: without a subquery it costs far less.
func (p pair) direct(n schema.NewColumn, expr string) string {
	return fmt.Sprintf("CAST((%s\n) AS %s)", expr, p.typeOf[n.Physical])
}

// down returns the value of an old column for the new shape of row.
func (p pair) down(o schema.OldColumn, row string) string {
	old, _ := p.table.column(o.Name)
	return fmt.Sprintf("(SELECT CAST((%s\n) AS %s) FROM (SELECT %s) AS %s)", o.Down, old.typ, p.downColumns(row), schema.Quote(p.Table))
}

// differ returns whether two values of a type differ. Types without equality
// are compared as they are written.
func differ(a, b, typ string) string {
	switch typ {
	case "json", "xml", "point", "box", "polygon", "line", "path":
		return fmt.Sprintf("(%s)::text IS DISTINCT FROM (%s)::text", a, b)
	}
	return fmt.Sprintf("%s IS DISTINCT FROM %s", a, b)
}

// each joins one condition for every new column.
func (p pair) each(join string, condition func(column string, n schema.NewColumn) string, row string) string {
	var list []string
	for _, n := range p.New {
		list = append(list, condition(row+"."+schema.Quote(n.Physical), n))
	}
	return "(" + strings.Join(list, " "+join+" ") + ")"
}

// empty is true for a row whose new shape holds nothing.
func (p pair) empty(row string) string {
	return p.each("AND", func(column string, _ schema.NewColumn) string { return column + " IS NULL" }, row)
}

// unfilled is true for a row whose new shape holds nothing although the old
// one gives something.
func (p pair) unfilled(row string) string {
	return p.empty(row) + " AND " + p.each("OR", func(_ string, n schema.NewColumn) string { return p.up(n, row) + " IS NOT NULL" }, row)
}

// torn is true for a row whose shapes follow from each other in neither
// direction. A column that is only added may hold what new code wrote.
func (p pair) torn(row string) string {
	if p.Source != nil && p.Source.Down != "" {
		return p.apart(row)
	}
	if len(p.Old) == 0 {
		return p.unfilled(row)
	}
	upDiffers := p.each("OR", func(column string, n schema.NewColumn) string {
		return differ(column, p.up(n, row), p.typeOf[n.Physical])
	}, row)
	var downs []string
	for _, o := range p.Old {
		old, _ := p.table.column(o.Name)
		downs = append(downs, differ(row+"."+schema.Quote(o.Name), p.down(o, row), old.typ))
	}
	return upDiffers + " AND (" + p.empty(row) + " OR " + strings.Join(downs, " OR ") + ")"
}
