package sqlite

import (
	"context"
	"fmt"

	"cutover/internal/schema"
)

// Observe says how far the database is with a change. It changes nothing. The
// records say what was done, the schema whether it still is so: a trigger
// somebody has dropped means that the change is not expanded.
func (e *Engine) Observe(ctx context.Context, c schema.Change) (schema.World, error) {
	s, err := e.open(ctx, c)
	if err != nil {
		return schema.World{}, err
	}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil || records == nil {
		return schema.World{Waits: "nothing has begun"}, err
	}
	w := schema.World{Expanded: true, Filled: true, Contracted: true}
	for i, r := range records {
		if r.contracted {
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
	if !r.expanded() {
		lacks(false, "is not expanded")
		return nil
	}
	p, ok, err := s.pair(ctx, i, r.relaxed)
	if err != nil {
		return err
	}
	if ok && p.needsTrigger() {
		on, err := s.triggersOn(ctx, p, stageOf(r))
		if err != nil {
			return err
		}
		if !on {
			lacks(false, "its trigger is gone")
			return nil
		}
	}
	if !r.fresh() {
		lacks(true, "is not filled and verified")
	}
	return nil
}
