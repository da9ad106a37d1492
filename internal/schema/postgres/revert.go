package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// Revert puts the schema back as it was before Expand. The old shape holds
// what was written through either; a table of new code that has rows is moved
// aside. It refuses, with ErrContracted, once anything is contracted.
func (e *Engine) Revert(ctx context.Context, c schema.Change) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil || records == nil {
		return err
	}
	if slices.ContainsFunc(records, func(r record) bool { return r.contracted != nil }) {
		return fmt.Errorf("%w: %s is contracted, wholly or in part", ErrContracted, c.Name)
	}
	for i := len(c.Operations) - 1; i >= 0; i-- {
		if records[i].expanded == nil {
			continue
		}
		if err := s.revert(ctx, i); err != nil {
			return fmt.Errorf("reverting operation %d, %s: %w", i+1, c.Operations[i].Kind(), err)
		}
	}
	return s.forget(ctx)
}

func (s *session) revert(ctx context.Context, i int) error {
	op := s.change.Operations[i]
	if err := s.dropBuilt(ctx, op); err != nil {
		return err
	}
	return s.ddl(ctx, "taking back "+op.Kind()+" "+op.Target(), func(tx pgx.Tx) error {
		if err := s.dropShim(ctx, tx, op.Target()); err != nil {
			return err
		}
		p, synced, err := s.pair(ctx, tx, i)
		if err != nil && !errors.Is(err, errNoTable) {
			return err
		}
		switch o := op.(type) {
		case schema.CreateTable:
			err = s.setAside(ctx, tx, o.Name)
		default:
			if synced {
				err = exec(ctx, tx, s.removePair(p)...)
			} else {
				err = s.statements(ctx, tx, s.reverting(op))
			}
		}
		if err != nil {
			return err
		}
		return s.mark(ctx, tx, i, "expanded = NULL, triggers = NULL, bound = NULL, filled = NULL, verified = NULL")
	})
}

// dropBuilt drops the index an operation built, unless a constraint has become
// of it, and goes together with it.
func (s *session) dropBuilt(ctx context.Context, op schema.Operation) error {
	name := ""
	switch o := op.(type) {
	case schema.CreateIndex:
		name = o.Name
	case schema.CreateConstraint:
		if o.Type == "unique" || o.Type == "primary_key" {
			name = o.Name
		}
	}
	if name == "" {
		return nil
	}
	var attached bool
	err := s.conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_constraint WHERE conindid = to_regclass($1) AND conname = $2)", s.name(name), name).Scan(&attached)
	if err != nil {
		return fmt.Errorf("looking for the constraint %s: %w", name, err)
	}
	if attached {
		return nil
	}
	return s.dropIndex(ctx, name)
}

// removePair drops the triggers, and the new columns with all that is on them.
func (s *session) removePair(p pair) []string {
	sql := s.dropTrigger(p)
	for _, n := range p.New {
		sql = append(sql, fmt.Sprintf("ALTER TABLE %s DROP COLUMN IF EXISTS %s", s.name(p.Table), schema.Quote(n.Physical)))
	}
	return sql
}

// reverting returns the statements of operations that have no pair.
func (s *session) reverting(op schema.Operation) []string {
	switch o := op.(type) {
	case schema.AddColumn:
		return []string{fmt.Sprintf("ALTER TABLE %s DROP COLUMN IF EXISTS %s", s.name(o.Table), schema.Quote(o.Column.Name))}
	case schema.RenameTable:
		return []string{"DROP VIEW IF EXISTS " + s.name(o.To)}
	case schema.CreateConstraint:
		sql := []string{s.dropConstraint(o.Table, o.Name)}
		if o.Type == "primary_key" {
			for _, c := range o.Columns {
				sql = append(sql, s.dropConstraint(o.Table, keyNotNull(o, c)))
			}
		}
		return sql
	case schema.SQL:
		if !o.OnComplete {
			return []string{o.Down}
		}
	}
	return nil
}

// setAside drops an empty table and moves any other out of the way: its rows
// exist nowhere else.
func (s *session) setAside(ctx context.Context, tx pgx.Tx, table string) error {
	var there, rows bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", s.name(table)).Scan(&there); err != nil || !there {
		return err
	}
	if err := exec(ctx, tx, "LOCK TABLE "+s.name(table)+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+s.name(table)+")").Scan(&rows); err != nil {
		return err
	}
	if !rows {
		return exec(ctx, tx, "DROP TABLE "+s.name(table))
	}
	var oid uint32
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1)::oid", s.name(table)).Scan(&oid); err != nil {
		return err
	}
	kept := schema.Name(table, fmt.Sprint(oid))
	s.report(fmt.Sprintf("%s has rows; they are kept in cutover_kept.%s", table, kept))
	return exec(ctx, tx, "CREATE SCHEMA IF NOT EXISTS cutover_kept",
		fmt.Sprintf("ALTER TABLE %s RENAME TO %s", s.name(table), schema.Quote(kept)),
		fmt.Sprintf("ALTER TABLE %s SET SCHEMA cutover_kept", s.name(kept)))
}
