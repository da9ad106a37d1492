package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// Contract removes the old shape, for good, in one transaction: either all of
// it goes or nothing. It refuses, with ErrNotVerified, unless every row was
// verified since the triggers are as they are, and with ErrRefused if a table
// has grown so large that writers would be kept out for too long.
func (e *Engine) Contract(ctx context.Context, c schema.Change) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil {
		return err
	}
	for i := range records {
		if records[i].contracted {
			continue
		}
		if err := s.mayRewrite(ctx, i); err != nil {
			return err
		}
	}
	return s.contractAll(ctx)
}

// mayRewrite refuses to change the columns of a table that has grown too large.
func (s *session) mayRewrite(ctx context.Context, i int) error {
	p, ok, err := s.pair(ctx, i, nil)
	if errors.Is(err, errNoTable) || !ok {
		return nil // what is missing contract itself says better
	}
	if err != nil {
		return err
	}
	problems, err := s.smallEnough(ctx, p.table)
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("%w: %s", ErrRefused, strings.Join(problems, "; "))
	}
	return err
}

func (s *session) contractAll(ctx context.Context) error {
	return s.write(ctx, "contracting "+s.change.Name, func() error {
		records, err := s.records(ctx)
		if err != nil {
			return err
		}
		if err := s.mayContract(ctx, records); err != nil {
			return err
		}
		for i, op := range s.change.Operations {
			if o, ok := op.(schema.DropIndex); ok && !records[i].contracted {
				if err := s.exec(ctx, "DROP INDEX IF EXISTS "+schema.Quote(o.Name)); err != nil {
					return err
				}
			}
		}
		for i, op := range s.change.Operations {
			if records[i].contracted {
				continue
			}
			if err := s.contract(ctx, i, records[i]); err != nil {
				return fmt.Errorf("operation %d, %s: %w", i+1, op.Kind(), err)
			}
		}
		return nil
	})
}

// mayContract refuses what would destroy anything not verified.
func (s *session) mayContract(ctx context.Context, records []record) error {
	if records == nil {
		return fmt.Errorf("%w: the change %s is not expanded", ErrNotVerified, s.change.Name)
	}
	for i, r := range records {
		if r.contracted {
			continue
		}
		if !r.fresh() {
			return fmt.Errorf("%w: operation %d, %s, of %s has no verification younger than its triggers; run the backfill to its end first",
				ErrNotVerified, i+1, s.change.Operations[i].Kind(), s.change.Name)
		}
		p, ok, err := s.pair(ctx, i, r.relaxed)
		if err != nil {
			return err
		}
		if !ok || !p.needsTrigger() {
			continue
		}
		if on, err := s.triggersOn(ctx, p, settled); err != nil {
			return err
		} else if !on {
			return fmt.Errorf("%w: a trigger of operation %d on %s is gone; expand and backfill again", ErrNotVerified, i+1, p.table.name)
		}
	}
	return nil
}

func (s *session) contract(ctx context.Context, i int, r record) error {
	p, synced, err := s.pair(ctx, i, r.relaxed)
	if err != nil {
		return err
	}
	if synced {
		err = s.contractPair(ctx, p)
	} else {
		err = s.exec(ctx, contracting(s.change.Operations[i])...)
	}
	if err != nil {
		return err
	}
	r.contracted = true
	return s.keep(ctx, i, r.generation, r)
}

// contractPair drops the triggers and the old columns and makes the new ones
// what they are to be. SQLite holds every row against that once more.
func (s *session) contractPair(ctx context.Context, p pair) error {
	twins, err := s.twins(ctx, p)
	if err != nil {
		return err
	}
	if err := s.dropTriggers(ctx, p); err != nil {
		return err
	}
	for _, t := range twins {
		if err := s.exec(ctx, "DROP INDEX "+schema.Quote(t.old), "DROP INDEX IF EXISTS "+schema.Quote(t.meanwhile())); err != nil {
			return err
		}
	}
	for _, o := range p.Old {
		if err := s.exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", schema.Quote(p.table.name), schema.Quote(o.Name))); err != nil {
			return err
		}
	}
	if err := s.settle(ctx, p); err != nil {
		return err
	}
	for _, t := range twins {
		if err := s.exec(ctx, t.text(t.old)); err != nil {
			return err
		}
	}
	return nil
}

// settle declares what triggers have kept of the new columns until now, and
// their defaults.
func (s *session) settle(ctx context.Context, p pair) error {
	alter := "ALTER TABLE " + schema.Quote(p.table.name) + " "
	defaults := map[string]string{}
	for _, n := range p.New {
		if p.notNull(n) {
			if err := s.exec(ctx, alter+"ALTER COLUMN "+schema.Quote(n.Physical)+" SET NOT NULL"); err != nil {
				return err
			}
		}
		if c := n.Def.Check; c != nil {
			if err := s.exec(ctx, fmt.Sprintf("%sADD CONSTRAINT %s CHECK (%s\n)", alter, schema.Quote(c.Name), c.Constraint)); err != nil {
				return err
			}
		}
		if d := p.defaultOf(n); d != "" {
			defaults[n.Physical] = d
		}
	}
	if len(defaults) == 0 {
		return nil
	}
	return s.rebuild(ctx, p.table.name, defaults)
}

// contracting returns the statements of operations that have no pair.
func contracting(op schema.Operation) []string {
	switch o := op.(type) {
	case schema.DropTable:
		return []string{"DROP TABLE IF EXISTS " + schema.Quote(o.Name)}
	case schema.DropConstraint:
		return []string{fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", schema.Quote(o.Table), schema.Quote(o.Name))}
	case schema.SQL:
		if o.OnComplete {
			return []string{o.Up}
		}
	}
	return nil
}
