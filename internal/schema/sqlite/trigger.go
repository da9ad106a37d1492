package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cutover/internal/schema"
)

// stage says what a pair's triggers do beside keeping the shapes in step.
type stage struct {
	// fills: an update of any column fills a row that is not filled yet.
	fills bool
	// demands: the new columns' constraints hold.
	demands bool
}

var (
	filling   = stage{fills: true}
	verifying = stage{fills: true, demands: true}
	settled   = stage{demands: true}
)

// step is one thing a trigger does: set columns if what its statement did to
// the row meets one condition, and the row as it is now the other.
type step struct{ did, is, set string }

// makeTriggers replaces the pair's triggers by those of a stage.
//
// Who writes is told by which columns change, never by a setting of the
// client. A trigger acts only on a row that its statement left torn, and what
// it does makes the two shapes agree: so no update a trigger makes is acted
// upon by another, whatever recursive_triggers says, and the fill, which
// writes what agrees, passes untouched.
func (s *session) makeTriggers(ctx context.Context, p pair, at stage) error {
	if err := s.dropTriggers(ctx, p); err != nil {
		return err
	}
	for _, event := range []string{"insert", "update"} {
		if text := p.createTrigger(event, at); text != "" {
			if err := s.exec(ctx, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) dropTriggers(ctx context.Context, p pair) error {
	return s.exec(ctx, "DROP TRIGGER IF EXISTS "+schema.Quote(p.triggerOn("insert")), "DROP TRIGGER IF EXISTS "+schema.Quote(p.triggerOn("update")))
}

// triggerOn names the trigger of an event.
func (p pair) triggerOn(event string) string { return schema.Name(p.trigger, event) }

// createTrigger returns the trigger of an event, or "" where there is nothing
// to do. It looks at the row as it is now, and not as its statement left it,
// because a user's own trigger may have been there before.
func (p pair) createTrigger(event string, at stage) string {
	steps := p.onInsert()
	if event == "update" {
		steps = p.onUpdate(at)
	}
	row := p.itself()
	here := fmt.Sprintf("%s.%s = NEW.%[2]s", row, p.table.rowid)
	var when, body []string
	for _, st := range steps {
		when = append(when, fmt.Sprintf("(%s AND EXISTS (SELECT 1 FROM %s WHERE %s AND %s))", st.did, row, here, st.is))
		body = append(body, fmt.Sprintf("UPDATE %s SET %s WHERE %s AND %s AND %s;", row, st.set, here, st.did, st.is))
	}
	for _, d := range p.demands(at.demands) {
		did := d.did
		if event == "insert" {
			did = "1"
		}
		when = append(when, fmt.Sprintf("(%s AND EXISTS (SELECT 1 FROM %s WHERE %s AND %s))", did, row, here, d.broken))
		body = append(body, raise(d.says, row, here+" AND "+d.broken))
	}
	if len(when) == 0 {
		return ""
	}
	if p.bothWays() {
		// A statement's OR IGNORE counts for what its triggers do as well.
		body = append(body, raise("cutover: the two shapes of a row of "+p.table.name+" cannot be kept in step", row, here+" AND NOT "+p.agree(row)))
	}
	return fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s FOR EACH ROW WHEN %s BEGIN\n%s\nEND",
		schema.Quote(p.triggerOn(event)), strings.ToUpper(event), row, strings.Join(when, "\nOR "), strings.Join(body, "\n"))
}

func raise(says, row, where string) string {
	return fmt.Sprintf("SELECT RAISE(ABORT, %s) FROM %s WHERE %s;", text(says), row, where)
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
func (p pair) fill() string {
	return p.sets(func(n schema.NewColumn) string { return p.up(n, p.itself()) })
}

// complete sets the new columns that hold nothing from what the row was.
func (p pair) complete() string {
	return p.sets(func(n schema.NewColumn) string {
		return fmt.Sprintf("coalesce(%s, %s)", schema.Quote(n.Physical), p.up(n, "OLD"))
	})
}

func (p pair) sets(value func(schema.NewColumn) string) string {
	var list []string
	for _, n := range p.New {
		list = append(list, schema.Quote(n.Physical)+" = "+value(n))
	}
	return strings.Join(list, ", ")
}

// derive sets the old columns from the new shape.
func (p pair) derive() string {
	var list []string
	for _, o := range p.Old {
		list = append(list, schema.Quote(o.Name)+" = "+p.down(o, p.itself()))
	}
	return strings.Join(list, ", ")
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
	return step{empty, schema.Quote(column) + " IS NULL AND " + value + " IS NOT NULL", schema.Quote(column) + " = " + value}
}

// triggersOn reports whether the pair's triggers of a stage are there.
func (s *session) triggersOn(ctx context.Context, p pair, at stage) (bool, error) {
	there, err := s.list(ctx, "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", p.table.name)
	if err != nil {
		return false, fmt.Errorf("looking for the triggers of %s: %w", p.table.name, err)
	}
	for _, event := range []string{"insert", "update"} {
		if p.createTrigger(event, at) != "" && !slices.Contains(there, p.triggerOn(event)) {
			return false, nil
		}
	}
	return true, nil
}

// stageOf returns which triggers an operation has.
func stageOf(r record) stage {
	if r.fresh() {
		return settled
	}
	return filling
}

// text returns a string literal. A backslash means nothing in SQLite.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
