package sqlite

import (
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// step is one thing a trigger does: set columns if what its statement did to
// the row meets one condition, and the row as it is now the other.
type step struct {
	did, is string
	sets    []set
}

// set gives a column a value.
type set struct{ column, value string }

func (st step) text() string { return setText(st.sets) }

func setText(sets []set) string {
	var list []string
	for _, s := range sets {
		list = append(list, schema.Quote(s.column)+" = "+s.value)
	}
	return strings.Join(list, ", ")
}

// onInsert says what an insert needs: a row that gives no new column is old
// code's.
func (p pair) onInsert() []step {
	row := p.itself()
	switch {
	case len(p.New) == 0:
		return p.ifLeftOut()
	case len(p.Old) == 0:
		return p.ifAdded()
	}
	return []step{
		{p.empty("NEW"), p.unfilled(row), p.fill()},
		{"NOT " + p.empty("NEW"), "NOT " + p.agree(row), p.derive()},
	}
}

// onUpdate says what an update needs. If both shapes change, the new one wins.
func (p pair) onUpdate(at stage) []step {
	row := p.itself()
	switch {
	case len(p.New) == 0:
		return nil
	case len(p.Old) == 0:
		if at.fills {
			return p.ifAdded()
		}
		return nil
	}
	var steps []step
	byNew, byOld := p.newChanged(), "NOT "+p.newChanged()+" AND "+p.oldChanged()
	if at.fills {
		steps = append(steps, step{p.empty("NEW"), p.unfilled(row), p.fill()})
		byNew, byOld = "NOT "+p.empty("NEW")+" AND "+byNew, "NOT "+p.empty("NEW")+" AND "+byOld
		if len(p.New) > 1 {
			// New code has changed a part of what was not filled: the other parts
			// come from what the row was.
			steps = append(steps, step{byNew + " AND " + p.empty("OLD"), "NOT " + p.agree(row) + " AND " + p.unfilled("OLD"), p.complete()})
		}
	}
	return append(steps, step{byOld, "NOT " + p.agree(row), p.fill()}, step{byNew, "NOT " + p.agree(row), p.derive()})
}

// fill sets the new columns from the old shape.
func (p pair) fill() []set {
	return p.sets(func(n schema.NewColumn) string { return p.up(n, p.itself()) })
}

// complete sets the new columns that hold nothing from what the row was.
func (p pair) complete() []set {
	return p.sets(func(n schema.NewColumn) string {
		return fmt.Sprintf("coalesce(%s, %s)", schema.Quote(n.Physical), p.up(n, "OLD"))
	})
}

func (p pair) sets(value func(schema.NewColumn) string) []set {
	var list []set
	for _, n := range p.New {
		list = append(list, set{n.Physical, value(n)})
	}
	return list
}

// derive sets the old columns from the new shape.
func (p pair) derive() []set {
	var list []set
	for _, o := range p.Old {
		list = append(list, set{o.Name, p.down(o, p.itself())})
	}
	return list
}

// ifAdded fills each new column a writer has left out.
func (p pair) ifAdded() []step {
	var steps []step
	for _, n := range p.New {
		steps = append(steps, leftOut(n.Physical, p.up(n, p.itself())))
	}
	return steps
}

// ifLeftOut fills each old column that new code no longer gives.
func (p pair) ifLeftOut() []step {
	var steps []step
	for _, o := range p.Old {
		if o.Down != "" {
			steps = append(steps, leftOut(o.Name, p.down(o, p.itself())))
		}
	}
	return steps
}

func leftOut(column, value string) step {
	empty := of("NEW", column) + " IS NULL"
	return step{empty, schema.Quote(column) + " IS NULL AND " + value + " IS NOT NULL", []set{{column, value}}}
}
