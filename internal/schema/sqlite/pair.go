package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cutover/internal/schema"
)

// pair is a set of columns in two shapes, with what the database knows of it,
// and the place where its expressions become SQL.
type pair struct {
	schema.Sync
	table   table
	trigger string
	typeOf  map[string]string // of new columns, with their collation
	uniques []unique          // known only where triggers are made
}

// pair resolves the operation's sync; ok is false if it has none. relaxed are
// the old columns whose NOT NULL is kept by triggers.
func (s *session) pair(ctx context.Context, operation int, relaxed []string) (p pair, ok bool, err error) {
	syncing, is := s.change.Operations[operation].(schema.Syncing)
	if !is {
		return pair{}, false, nil
	}
	sync, is := syncing.Sync()
	if !is {
		return pair{}, false, nil
	}
	t, err := s.table(ctx, sync.Table)
	if err != nil {
		return pair{}, false, err
	}
	for i, c := range t.columns {
		t.columns[i].relaxed = slices.Contains(relaxed, c.name)
		t.columns[i].notNull = c.notNull || t.columns[i].relaxed
	}
	p = pair{Sync: sync, table: t, typeOf: map[string]string{},
		trigger: schema.Name("cutover", s.change.Name, fmt.Sprint(operation))}
	for _, n := range sync.New {
		p.typeOf[n.Physical] = n.Def.Type
		if old, is := t.column(n.Of); is {
			if n.Def.Type == "" {
				p.typeOf[n.Physical] = old.typ
			}
			if collation := after(old.def, "COLLATE"); collation != "" {
				p.typeOf[n.Physical] += " COLLATE " + collation
			}
		}
	}
	return p, true, nil
}

// bothWays reports whether there are two shapes to keep in step.
func (p pair) bothWays() bool { return len(p.New) > 0 && len(p.Old) > 0 }

// needsTrigger reports whether the pair has anything to keep in step.
func (p pair) needsTrigger() bool {
	return len(p.New) > 0 || len(p.Old) > 0 && p.Old[0].Down != ""
}

func (p pair) isNew(name string) bool {
	return slices.ContainsFunc(p.New, func(n schema.NewColumn) bool { return strings.EqualFold(n.Physical, name) })
}

func (p pair) isOld(name string) bool {
	return slices.ContainsFunc(p.Old, func(o schema.OldColumn) bool { return strings.EqualFold(o.Name, name) })
}

// upColumns are what an `up` may name: the table without the new shape.
func (p pair) upColumns(row string) string {
	var list []string
	for _, c := range p.table.columns {
		if !p.isNew(c.name) {
			list = append(list, of(row, c.name)+" AS "+schema.Quote(c.name))
		}
	}
	return strings.Join(list, ", ")
}

// downColumns are what a `down` may name: the table without the old shape.
func (p pair) downColumns(row string) string {
	var list []string
	for _, c := range p.table.columns {
		if !p.isNew(c.name) && !p.isOld(c.name) {
			list = append(list, of(row, c.name)+" AS "+schema.Quote(c.name))
		}
	}
	for _, n := range p.New {
		list = append(list, of(row, n.Physical)+" AS "+schema.Quote(n.Physical))
	}
	return strings.Join(list, ", ")
}

// of names a column of a row.
func of(row, column string) string { return row + "." + schema.Quote(column) }

// itself is the name by which a statement on the table knows its row.
func (p pair) itself() string { return schema.Quote(p.table.name) }

// up returns the value of a new column for the old shape of row. Where the row
// is the table's own, the expression stands as it is: a subquery costs far
// more, and the dry run has shown that the expression names nothing else. The
// line break keeps a comment at its end from swallowing more.
func (p pair) up(n schema.NewColumn, row string) string {
	if row == p.itself() {
		return "(" + n.Up + "\n)"
	}
	return fmt.Sprintf("(SELECT (%s\n) FROM (SELECT %s) AS %s)", n.Up, p.upColumns(row), schema.Quote(p.table.name))
}

// down returns the value of an old column for the new shape of row.
func (p pair) down(o schema.OldColumn, row string) string {
	if row == p.itself() {
		return "(" + o.Down + "\n)"
	}
	return fmt.Sprintf("(SELECT (%s\n) FROM (SELECT %s) AS %s)", o.Down, p.downColumns(row), schema.Quote(p.table.name))
}

// same is true where a column holds what an expression would store in it: the
// plus takes away the expression's own affinity, so that the column's counts,
// and letters are told apart whatever the column's collation.
func same(column, value string) string { return column + " IS +" + value + " COLLATE BINARY" }

// each joins one condition for every new column of row.
func (p pair) each(join string, row string, condition func(column string, n schema.NewColumn) string) string {
	var list []string
	for _, n := range p.New {
		list = append(list, condition(of(row, n.Physical), n))
	}
	return "(" + strings.Join(list, " "+join+" ") + ")"
}

// empty is true for a row whose new shape holds nothing.
func (p pair) empty(row string) string {
	return p.each("AND", row, func(column string, _ schema.NewColumn) string { return column + " IS NULL" })
}

// unfilled is true for a row whose new shape holds nothing although the old
// one gives something.
func (p pair) unfilled(row string) string {
	return "(" + p.empty(row) + " AND " + p.each("OR", row, func(_ string, n schema.NewColumn) string { return p.up(n, row) + " IS NOT NULL" }) + ")"
}

// agree is true for a row one of whose shapes follows from the other.
func (p pair) agree(row string) string {
	up := p.each("AND", row, func(column string, n schema.NewColumn) string { return same(column, p.up(n, row)) })
	var down []string
	for _, o := range p.Old {
		down = append(down, same(of(row, o.Name), p.down(o, row)))
	}
	return "(" + up + " OR (" + strings.Join(down, " AND ") + "))"
}

// torn is true for a row that lost one of its shapes. A column that is only
// added may hold what new code wrote.
func (p pair) torn(row string) string {
	if !p.bothWays() {
		return p.unfilled(row)
	}
	return "(NOT " + p.agree(row) + " OR " + p.unfilled(row) + ")"
}

// newChanged and oldChanged are true in an update that changed a shape.
func (p pair) newChanged() string {
	return p.each("OR", "NEW", func(column string, n schema.NewColumn) string {
		return column + " IS NOT " + of("OLD", n.Physical) + " COLLATE BINARY"
	})
}

func (p pair) oldChanged() string {
	var list []string
	for _, o := range p.Old {
		list = append(list, of("NEW", o.Name)+" IS NOT "+of("OLD", o.Name)+" COLLATE BINARY")
	}
	return "(" + strings.Join(list, " OR ") + ")"
}

// notNull reports whether the new column is to refuse NULL.
func (p pair) notNull(n schema.NewColumn) bool {
	if n.Nullable != nil {
		return !*n.Nullable
	}
	old, ok := p.table.column(n.Of)
	return ok && old.notNull
}

// defaultOf returns the new column's default, or "".
func (p pair) defaultOf(n schema.NewColumn) string {
	old, _ := p.table.column(n.Of)
	switch {
	case n.Default == nil:
		return old.defaultTo
	case n.Default.Null:
		return ""
	}
	return n.Default.Value
}

// relaxes lists the old columns whose NOT NULL would turn new code's rows
// away before a trigger could fill them: SQLite has no trigger that changes a
// row before it is checked.
func (p pair) relaxes() []string {
	var list []string
	for _, o := range p.Old {
		if old, ok := p.table.column(o.Name); ok && old.notNull && old.defaultTo == "" {
			list = append(list, old.name)
		}
	}
	return list
}
