package sqlite

import "fmt"

// demand is a condition on a row that its table's triggers keep up, because
// SQLite itself would check it before they could fill the row.
type demand struct {
	// broken is true for a row of the table that does not meet it.
	broken string
	// did is true for an update that may have broken it. A row that a trigger
	// has yet to fill may not meet it for a moment.
	did string
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
			list = append(list, demand{broken: fmt.Sprintf("(%s\n) IS FALSE", c.Constraint), did: "1", says: "CHECK constraint failed: " + c.Name})
		}
	}
	return list
}

func (p pair) demandNotNull(column string) demand {
	return demand{broken: of(p.itself(), column) + " IS NULL", did: fmt.Sprintf("%s IS NULL AND %s IS NOT NULL", of("NEW", column), of("OLD", column)),
		says: "NOT NULL constraint failed: " + p.table.name + "." + column}
}
