package sqlite

import (
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// demand is a condition on a row that its table's triggers keep up, because
// SQLite itself would check it before they could fill the row.
type demand struct {
	// broken returns what is true for a row that does not meet it.
	broken func(row string) string
	// says is the message, in SQLite's own words.
	says string
}

// demands lists what the old columns have held all along, and, with ofNew,
// what the new ones are to hold.
func (p pair) demands(ofNew bool) []demand {
	var list []demand
	for _, c := range p.table.columns {
		if c.relaxed {
			list = append(list, p.demandNotNull(c.name))
		}
	}
	if !ofNew {
		return list
	}
	for _, n := range p.New {
		if p.notNull(n) {
			list = append(list, p.demandNotNull(n.Physical))
		}
		if c := n.Def.Check; c != nil {
			list = append(list, demand{says: "CHECK constraint failed: " + c.Name, broken: func(row string) string {
				return fmt.Sprintf("(SELECT coalesce(NOT (%s\n), 0) FROM (SELECT %s, %s) AS %s)", c.Constraint, p.upColumns(row), p.newColumns(row), schema.Quote(p.table.name))
			}})
		}
	}
	return list
}

func (p pair) demandNotNull(column string) demand {
	return demand{says: "NOT NULL constraint failed: " + p.table.name + "." + column,
		broken: func(row string) string { return of(row, column) + " IS NULL" }}
}

func (p pair) newColumns(row string) string {
	var list []string
	for _, n := range p.New {
		list = append(list, of(row, n.Physical)+" AS "+schema.Quote(n.Physical))
	}
	return strings.Join(list, ", ")
}
