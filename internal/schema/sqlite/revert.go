package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cutover/internal/schema"
)

// Revert puts the schema back as it was before Expand, in one transaction. The
// old shape holds what was written through either; a table of new code that
// has rows gets another name. It refuses, with ErrContracted, once anything is
// contracted.
func (e *Engine) Revert(ctx context.Context, c schema.Change) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	return s.revertAll(ctx)
}

func (s *session) revertAll(ctx context.Context) error {
	return s.write(ctx, "reverting "+s.change.Name, func() error {
		records, err := s.records(ctx)
		if err != nil || records == nil {
			return err
		}
		if slices.ContainsFunc(records, func(r record) bool { return r.contracted }) {
			return fmt.Errorf("%w: %s is contracted", ErrContracted, s.change.Name)
		}
		for i := len(records) - 1; i >= 0; i-- {
			if !records[i].expanded() {
				continue
			}
			if err := s.revert(ctx, i, records[i]); err != nil {
				return fmt.Errorf("operation %d, %s: %w", i+1, s.change.Operations[i].Kind(), err)
			}
		}
		return s.forget(ctx)
	})
}

func (s *session) revert(ctx context.Context, i int, r record) error {
	op := s.change.Operations[i]
	p, synced, err := s.pair(ctx, i, r.relaxed)
	if err != nil && !errors.Is(err, errNoTable) {
		return err
	}
	if synced {
		return s.removePair(ctx, p)
	}
	switch o := op.(type) {
	case schema.AddColumn:
		return s.dropColumns(ctx, o.Table, []string{o.Column.Name})
	case schema.CreateTable:
		return s.setAside(ctx, o.Name, r)
	case schema.CreateIndex:
		return s.exec(ctx, "DROP INDEX IF EXISTS "+schema.Quote(o.Name))
	case schema.CreateConstraint:
		if o.Type == "unique" {
			return s.exec(ctx, "DROP INDEX IF EXISTS "+schema.Quote(o.Name))
		}
		return s.dropCheck(ctx, o)
	case schema.SQL:
		if !o.OnComplete {
			return s.exec(ctx, o.Down)
		}
	}
	return nil
}

// removePair drops the triggers, the new columns with their indexes, and makes
// the old ones what they were.
func (s *session) removePair(ctx context.Context, p pair) error {
	if err := s.dropTriggers(ctx, p); err != nil {
		return err
	}
	var columns []string
	for _, n := range p.New {
		columns = append(columns, n.Physical)
	}
	if err := s.dropColumns(ctx, p.table.name, columns); err != nil {
		return err
	}
	for _, c := range p.table.columns {
		if !c.relaxed {
			continue
		}
		if err := s.exec(ctx, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", schema.Quote(p.table.name), schema.Quote(c.name))); err != nil {
			return err
		}
	}
	return nil
}

// dropColumns drops columns of the change and the indexes on them: none of
// these can be older than the columns.
func (s *session) dropColumns(ctx context.Context, table string, columns []string) error {
	indexes, err := s.indexesOn(ctx, table, columns)
	if err != nil {
		return err
	}
	for _, name := range indexes {
		if err := s.exec(ctx, "DROP INDEX "+schema.Quote(name)); err != nil {
			return err
		}
	}
	for _, name := range columns {
		if err := s.exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", schema.Quote(table), schema.Quote(name))); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) dropCheck(ctx context.Context, o schema.CreateConstraint) error {
	t, err := s.table(ctx, o.Table)
	if err != nil || !t.constraint(o.Name) {
		return err
	}
	return s.exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", schema.Quote(o.Table), schema.Quote(o.Name)))
}

// setAside drops an empty table and gives any other a name nobody uses: its
// rows exist nowhere else.
func (s *session) setAside(ctx context.Context, table string, r record) error {
	there, err := s.exists(ctx, table)
	if err != nil || !there {
		return err
	}
	var rows bool
	if err := s.get(ctx, "SELECT EXISTS (SELECT 1 FROM "+schema.Quote(table)+")", nil, &rows); err != nil {
		return err
	}
	if !rows {
		return s.exec(ctx, "DROP TABLE "+schema.Quote(table))
	}
	kept := schema.Name("cutover_kept", table, fmt.Sprint(r.generation))
	s.report(fmt.Sprintf("%s has rows; they are kept in %s", table, kept))
	return s.exec(ctx, fmt.Sprintf("ALTER TABLE %s RENAME TO %s", schema.Quote(table), schema.Quote(kept)))
}
