package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// Expand makes the schema fit old and new code: it checks the change, then
// adds what is new, one short transaction per operation, without any
// constraint that old code could break. When it returns, writers of either
// shape keep both in step. It refuses, with ErrRefused, what does not fit.
func (e *Engine) Expand(ctx context.Context, c schema.Change) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil {
		return err
	}
	if records == nil {
		if err := s.check(ctx); err != nil {
			return err
		}
		if err := s.begin(ctx); err != nil {
			return err
		}
		records = make([]record, len(c.Operations))
	}
	for i, op := range c.Operations {
		if records[i].contracted != nil {
			continue
		}
		if err := s.expand(ctx, i, records[i]); err != nil {
			return fmt.Errorf("expanding operation %d, %s: %w", i+1, op.Kind(), err)
		}
	}
	return s.createShim(ctx)
}

// expand carries out one operation, or repairs it if its trigger is gone:
// then rows may have been written past it, and all is to be filled again.
func (s *session) expand(ctx context.Context, i int, r record) error {
	p, synced, err := s.pair(ctx, s.conn, i)
	if err != nil {
		return err
	}
	if r.expanded != nil {
		on := true
		if synced {
			on, err = s.triggersOn(ctx, p)
		}
		if err != nil || on {
			return err
		}
	}
	return s.ddl(ctx, s.change.Operations[i].Kind()+" "+s.change.Operations[i].Target(), func(tx pgx.Tx) error {
		if synced {
			if err := s.addPair(ctx, tx, i, p); err != nil {
				return err
			}
		} else if err := s.statements(ctx, tx, s.expanding(s.change.Operations[i])); err != nil {
			return err
		}
		return s.mark(ctx, tx, i, "expanded = clock_timestamp(), triggers = clock_timestamp(), bound = NULL, filenode = NULL, filled = NULL, verified = NULL")
	})
}

// addPair adds the new columns, bare, and the trigger, so that no row can be
// written between the two.
func (s *session) addPair(ctx context.Context, tx pgx.Tx, i int, p pair) error {
	for _, n := range p.New {
		add := fmt.Sprintf("ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s %s", s.name(p.Table), schema.Quote(n.Physical), p.typeOf[n.Physical])
		if err := exec(ctx, tx, add); err != nil {
			return err
		}
	}
	if !p.needsTrigger() {
		return nil
	}
	p, _, err := s.pair(ctx, tx, i)
	if err != nil {
		return err
	}
	return exec(ctx, tx, s.createTrigger(p, true)...)
}

// expanding returns the statements of operations that have no pair.
func (s *session) expanding(op schema.Operation) []string {
	switch o := op.(type) {
	case schema.AddColumn:
		sql := []string{fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s", s.name(o.Table), s.definition(bare(o.Column)))}
		if o.Column.Generated != nil {
			sql = append([]string{s.brief()}, sql...)
		}
		if o.Column.Comment != nil {
			sql = append(sql, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", s.name(o.Table), schema.Quote(o.Column.Name), schema.Literal(*o.Column.Comment)))
		}
		return sql
	case schema.CreateTable:
		return s.createTable(o)
	case schema.RenameTable:
		return []string{fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM %s", s.name(o.To), s.name(o.From))}
	case schema.SQL:
		if !o.OnComplete {
			return []string{o.Up}
		}
	}
	return nil
}

// bare is a column without what PostgreSQL would hold every row against, or
// build an index for, while the table is locked; that is added later.
func bare(c schema.Column) schema.Column {
	c.Unique, c.Check, c.References = false, nil, nil
	return c
}
