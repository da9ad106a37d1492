package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// constrain adds what a new column is to hold. One without a pair has been
// not null from the beginning.
func (s *session) constrain(ctx context.Context, i int, p pair, n schema.NewColumn, synced bool) error {
	column := schema.Quote(n.Physical)
	if synced && p.notNull(n) {
		if err := s.addConstraint(ctx, p.Table, s.notNullName(n), "CHECK ("+column+" IS NOT NULL)", true); err != nil {
			return err
		}
	}
	if c := n.Def.Check; c != nil {
		if err := s.addConstraint(ctx, p.Table, c.Name, "CHECK ("+schema.Rewrite(c.Constraint, n.Final, n.Physical)+"\n)"+word(c.NoInherit, " NO INHERIT"), true); err != nil {
			return err
		}
	}
	if r := n.Def.References; r != nil {
		if err := s.addConstraint(ctx, p.Table, r.Name, "FOREIGN KEY ("+column+") "+s.references(*r), true); err != nil {
			return err
		}
	}
	if n.Def.Unique {
		return s.createIndex(ctx, p.Table, index{name: s.uniqueName(i, p, n), unique: true, tail: "(" + column + ")"})
	}
	return nil
}

func (s *session) notNullName(n schema.NewColumn) string {
	return schema.Name("cutover_not_null", n.Physical)
}

// uniqueName is the name of a new column's unique constraint.
func (s *session) uniqueName(i int, p pair, n schema.NewColumn) string {
	if o, ok := s.change.Operations[i].(schema.AlterColumn); ok {
		return o.UniqueName()
	}
	return schema.Name(p.Table, n.Final, "key")
}

// addConstraint adds a constraint for rows written from now on, then, unless
// told not to, holds the others against it, which keeps nobody out.
func (s *session) addConstraint(ctx context.Context, table, name, what string, validate bool) error {
	valid, there, err := s.constraint(ctx, table, name)
	if err != nil {
		return err
	}
	if !there {
		err = s.ddl(ctx, "adding the constraint "+name, func(tx pgx.Tx) error {
			return exec(ctx, tx, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID", s.name(table), schema.Quote(name), what))
		})
	}
	if err != nil || valid || !validate {
		return err
	}
	return s.patiently(ctx, "validating the constraint "+name, fmt.Sprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s", s.name(table), schema.Quote(name)))
}

// constraint looks for a constraint of a table.
func (s *session) constraint(ctx context.Context, table, name string) (valid, there bool, err error) {
	err = s.conn.QueryRow(ctx, "SELECT convalidated FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2", s.name(table), name).Scan(&valid)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("looking for the constraint %s: %w", name, err)
	}
	return valid, true, nil
}

// build carries out operations that belong after the fill.
func (s *session) build(ctx context.Context, i int) error {
	switch o := s.change.Operations[i].(type) {
	case schema.CreateIndex:
		pairs, err := s.pairsOf(ctx, s.conn, o.Table)
		if err != nil {
			return err
		}
		return s.createIndex(ctx, o.Table, indexOf(o, namesIn(pairs)))
	case schema.CreateConstraint:
		return s.buildConstraint(ctx, o)
	case schema.AddColumn:
		if sync, synced := o.Sync(); !synced {
			return s.constrain(ctx, i, pair{Sync: sync}, sync.New[0], false)
		}
	}
	return nil
}

func (s *session) buildConstraint(ctx context.Context, o schema.CreateConstraint) error {
	pairs, err := s.pairsOf(ctx, s.conn, o.Table)
	if err != nil {
		return err
	}
	n := namesIn(pairs)
	switch o.Type {
	case "unique":
		if err := s.createIndex(ctx, o.Table, keyIndex(o.Constraint, n)); err != nil {
			return err
		}
		return s.attach(ctx, o)
	case "primary_key":
		for _, column := range o.Columns {
			if err := s.addConstraint(ctx, o.Table, keyNotNull(o, column), "CHECK ("+n.column(column)+" IS NOT NULL)", true); err != nil {
				return err
			}
		}
		return s.createIndex(ctx, o.Table, keyIndex(o.Constraint, n))
	case "exclude":
		return s.exclude(ctx, o, n)
	}
	return s.addConstraint(ctx, o.Table, o.Name, s.constraintSQL(o.Constraint, n), true)
}

// attach makes a unique constraint of its index, so that new code can name it.
func (s *session) attach(ctx context.Context, o schema.CreateConstraint) error {
	if _, there, err := s.constraint(ctx, o.Table, o.Name); err != nil || there {
		return err
	}
	return s.ddl(ctx, "adding the constraint "+o.Name, func(tx pgx.Tx) error {
		return exec(ctx, tx, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s UNIQUE USING INDEX %[2]s%s", s.name(o.Table), schema.Quote(o.Name), deferral(o.Deferrable, o.InitiallyDeferred)))
	})
}

// keyNotNull names the check that lets a primary key be made without a scan.
func keyNotNull(o schema.CreateConstraint, column string) string {
	return schema.Name("cutover_not_null", o.Name, column)
}

// exclude adds an exclusion constraint, which PostgreSQL builds under a lock
// on the whole table.
func (s *session) exclude(ctx context.Context, o schema.CreateConstraint, n names) error {
	if _, there, err := s.constraint(ctx, o.Table, o.Name); err != nil || there {
		return err
	}
	add := fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", s.name(o.Table), schema.Quote(o.Name), s.constraintSQL(o.Constraint, n))
	return s.ddl(ctx, "adding the constraint "+o.Name, func(tx pgx.Tx) error { return exec(ctx, tx, s.brief(), add) })
}
