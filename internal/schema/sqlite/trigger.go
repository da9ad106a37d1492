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
	var err error
	if p.uniques, err = s.uniquesOf(ctx, p.table.name); err != nil {
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
		where := here + " AND " + st.did + " AND " + st.is
		for _, g := range p.guards(st, here) {
			body = append(body, raise(g.says, row, where+" AND "+g.broken))
		}
		body = append(body, fmt.Sprintf("UPDATE %s SET %s WHERE %s;", row, st.text(), where))
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
		// What guards have overlooked is at least not torn quietly.
		body = append(body, raise("cutover: the two shapes of a row of "+p.table.name+" cannot be kept in step", row, here+" AND NOT "+p.agree(row)))
	}
	return fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s FOR EACH ROW WHEN %s BEGIN\n%s\nEND",
		schema.Quote(p.triggerOn(event)), strings.ToUpper(event), row, strings.Join(when, "\nOR "), strings.Join(body, "\n"))
}

func raise(says, row, where string) string {
	return fmt.Sprintf("SELECT RAISE(ABORT, %s) FROM %s WHERE %s;", text(says), row, where)
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
