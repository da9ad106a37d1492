package postgres

import (
	"context"
	"fmt"

	"cutover/internal/schema"
)

// Observe says how far the database is with a change. It changes nothing. The
// records say what was done, the catalogue whether it still is so: a trigger
// somebody has dropped or disabled means that the change is not expanded.
func (e *Engine) Observe(ctx context.Context, c schema.Change) (schema.World, error) {
	conn, err := e.Open(ctx)
	if err != nil {
		return schema.World{}, fmt.Errorf("connecting to look at the schema: %w", err)
	}
	s := &session{Engine: e, conn: conn, change: c}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil || records == nil {
		return schema.World{Waits: "nothing has begun"}, err
	}
	w := schema.World{Expanded: true, Filled: true, Contracted: true}
	for i, r := range records {
		if r.contracted != nil {
			continue
		}
		w.Contracted = false
		if err := s.look(ctx, i, r, &w); err != nil {
			return schema.World{}, err
		}
	}
	return w, nil
}

// look holds one operation that is not contracted against the database.
func (s *session) look(ctx context.Context, i int, r record, w *schema.World) error {
	lacks := func(expanded bool, what string) {
		w.Filled = false
		w.Expanded = w.Expanded && expanded
		if w.Waits == "" {
			w.Waits = fmt.Sprintf("operation %d, %s: %s", i+1, s.change.Operations[i].Kind(), what)
		}
	}
	if r.expanded == nil {
		lacks(false, "is not expanded")
		return nil
	}
	p, ok, err := s.pair(ctx, s.conn, i)
	if err != nil {
		return err
	}
	if ok {
		on, err := s.triggersOn(ctx, p)
		if err != nil {
			return err
		}
		if !on {
			lacks(false, "its trigger is gone or disabled")
			return nil
		}
	}
	if r.filled == nil || ok && !r.fresh() {
		lacks(true, "is not filled and verified")
	}
	return nil
}

// needsTrigger reports whether the pair has anything to keep in step.
func (p pair) needsTrigger() bool {
	return len(p.New) > 0 || len(p.Old) > 0 && p.Old[0].Down != ""
}

// triggersOn reports whether the pair's triggers are there and fire.
func (s *session) triggersOn(ctx context.Context, p pair) (bool, error) {
	if !p.needsTrigger() {
		return true, nil
	}
	names := []string{p.triggerOn("insert")}
	if len(p.New) > 0 && len(p.Old) > 0 {
		names = append(names, p.triggerOn("update"))
	}
	names = append(names, p.crossTriggers()...)
	var on int
	err := s.conn.QueryRow(ctx, "SELECT count(*) FROM pg_trigger WHERE (tgrelid = $1 OR tgrelid = to_regclass($3)) AND tgname = ANY ($2) AND tgenabled IN ('O', 'A')",
		p.table.oid, names, s.sourceName(p)).Scan(&on)
	if err != nil {
		return false, fmt.Errorf("looking for the triggers of %s: %w", p.Table, err)
	}
	return on == len(names), nil
}
