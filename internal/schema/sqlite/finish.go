package sqlite

import (
	"context"
	"fmt"

	"cutover/internal/schema"
)

// finish builds, now that everything is filled, what belongs after the fill:
// one short transaction for each index or constraint. What is there already is
// not made again.
func (s *session) finish(ctx context.Context, i int, p pair, synced bool) error {
	if synced {
		twins, err := s.twins(ctx, p)
		if err != nil {
			return err
		}
		for _, t := range twins {
			if err := s.build(ctx, t.text(t.meanwhile())); err != nil {
				return err
			}
		}
		for _, n := range p.New {
			if n.Def.Unique {
				if err := s.build(ctx, s.uniqueText(i, p.table.name, n)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	switch o := s.change.Operations[i].(type) {
	case schema.AddColumn:
		if o.Column.Unique {
			return s.build(ctx, s.uniqueText(i, o.Table, schema.NewColumn{Physical: o.Column.Name, Final: o.Column.Name}))
		}
	case schema.CreateIndex:
		return s.build(ctx, indexText(o))
	case schema.CreateConstraint:
		if o.Type == "check" {
			return s.addCheck(ctx, o)
		}
		op := schema.CreateIndex{Name: o.Name, Table: o.Table, Unique: true}
		for _, c := range o.Columns {
			op.Columns = append(op.Columns, schema.IndexColumn{Column: c})
		}
		return s.build(ctx, indexText(op))
	}
	return nil
}

func (s *session) build(ctx context.Context, text string) error {
	return s.write(ctx, "building an index", func() error { return s.exec(ctx, text) })
}

// uniqueText returns the statement for a new column that is to be unique. In
// SQLite such an index is all that a unique constraint is.
func (s *session) uniqueText(i int, table string, n schema.NewColumn) string {
	name := schema.Name(table, n.Final, "key")
	if o, ok := s.change.Operations[i].(schema.AlterColumn); ok && o.UniqueName() != "" {
		name = o.UniqueName()
	}
	return indexText(schema.CreateIndex{Name: name, Table: table, Unique: true, Columns: []schema.IndexColumn{{Column: n.Physical}}})
}

// addCheck adds a check, which reads the whole table, unless it is there.
func (s *session) addCheck(ctx context.Context, o schema.CreateConstraint) error {
	return s.write(ctx, "adding the check "+o.Name, func() error {
		t, err := s.table(ctx, o.Table)
		if err != nil || t.constraint(o.Name) {
			return err
		}
		return s.exec(ctx, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s\n)", schema.Quote(o.Table), schema.Quote(o.Name), o.Check))
	})
}
