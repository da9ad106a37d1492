package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// finish gives the new columns, now that they are filled, their indexes and
// constraints. Nothing that is there already is made again.
func (s *session) finish(ctx context.Context, p pair, i int) error {
	twins, err := s.twins(ctx, s.conn, p)
	if err != nil {
		return err
	}
	for _, t := range twins {
		if s.drops(t.old) {
			continue
		}
		if err := s.createIndex(ctx, t.new, t.sql); err != nil {
			return err
		}
	}
	for _, n := range p.New {
		if err := s.constrain(ctx, i, p, n); err != nil {
			return err
		}
	}
	return nil
}

// drops reports whether the change drops an index itself.
func (s *session) drops(index string) bool {
	for _, op := range s.change.Operations {
		if o, ok := op.(schema.DropIndex); ok && o.Name == index {
			return true
		}
	}
	return false
}

// constrain adds what a new column is to hold.
func (s *session) constrain(ctx context.Context, i int, p pair, n schema.NewColumn) error {
	column := schema.Quote(n.Physical)
	if p.notNull(n) {
		if err := s.addConstraint(ctx, p.Table, s.notNullName(n), "CHECK ("+column+" IS NOT NULL)"); err != nil {
			return err
		}
	}
	if c := n.Def.Check; c != nil {
		if err := s.addConstraint(ctx, p.Table, c.Name, "CHECK ("+schema.Rewrite(c.Constraint, n.Final, n.Physical)+"\n)"); err != nil {
			return err
		}
	}
	if r := n.Def.References; r != nil {
		if err := s.addConstraint(ctx, p.Table, r.Name, fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s (%s)%s",
			column, s.name(r.Table), schema.Quote(r.Column), actions(r.OnDelete, r.OnUpdate))); err != nil {
			return err
		}
	}
	if n.Def.Unique {
		op := schema.CreateIndex{Name: s.uniqueName(i, p, n), Table: p.Table, Unique: true, Columns: []schema.IndexColumn{{Column: n.Physical}}}
		return s.createIndex(ctx, op.Name, s.indexSQL(op))
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

// addConstraint adds a constraint for rows written from now on, then holds the
// others against it, which keeps nobody out.
func (s *session) addConstraint(ctx context.Context, table, name, what string) error {
	var valid bool
	err := s.conn.QueryRow(ctx, "SELECT convalidated FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2", s.name(table), name).Scan(&valid)
	if errors.Is(err, pgx.ErrNoRows) {
		err = s.ddl(ctx, "adding the constraint "+name, func(tx pgx.Tx) error {
			return exec(ctx, tx, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID", s.name(table), schema.Quote(name), what))
		})
	}
	if err != nil || valid {
		return err
	}
	return s.patiently(ctx, "validating the constraint "+name, fmt.Sprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s", s.name(table), schema.Quote(name)))
}

// build carries out operations that belong after the fill.
func (s *session) build(ctx context.Context, op schema.Operation) error {
	switch o := op.(type) {
	case schema.CreateIndex:
		return s.createIndex(ctx, o.Name, s.indexSQL(o))
	case schema.CreateConstraint:
		switch o.Type {
		case "unique":
			op := schema.CreateIndex{Name: o.Name, Table: o.Table, Unique: true}
			for _, c := range o.Columns {
				op.Columns = append(op.Columns, schema.IndexColumn{Column: c})
			}
			return s.createIndex(ctx, o.Name, s.indexSQL(op))
		case "check":
			return s.addConstraint(ctx, o.Table, o.Name, "CHECK ("+o.Check+"\n)")
		}
		return s.addConstraint(ctx, o.Table, o.Name, fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s%s%s", quoted(o.Columns),
			s.name(o.References.Table), keyColumns(o.References.Columns), actions(o.References.OnDelete, o.References.OnUpdate)))
	}
	return nil
}

func keyColumns(columns []string) string {
	if len(columns) == 0 {
		return ""
	}
	return " (" + quoted(columns) + ")"
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = schema.Quote(n)
	}
	return strings.Join(list, ", ")
}
