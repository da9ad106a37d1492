package sqlite

import (
	"context"
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// Expand makes the schema fit old and new code: it checks the change, then
// adds what is new, all in one short transaction, without any constraint that
// old code could break. When it returns, writers of either shape keep both in
// step. It refuses, with ErrRefused, what does not fit.
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
	}
	return s.expandAll(ctx)
}

func (s *session) expandAll(ctx context.Context) error {
	return s.write(ctx, "expanding "+s.change.Name, func() error {
		records, err := s.records(ctx)
		if err != nil {
			return err
		}
		if records == nil {
			if records, err = s.begin(ctx); err != nil {
				return err
			}
		}
		for i, op := range s.change.Operations {
			if records[i].contracted {
				continue
			}
			if err := s.expand(ctx, i, records[i]); err != nil {
				return fmt.Errorf("operation %d, %s: %w", i+1, op.Kind(), err)
			}
		}
		return nil
	})
}

// expand carries out one operation, or repairs it if its trigger is gone: then
// rows may have been written past it, and all are to be verified again.
func (s *session) expand(ctx context.Context, i int, r record) error {
	p, synced, err := s.pair(ctx, i, r.relaxed)
	if err != nil {
		return err
	}
	if r.expanded() {
		on := true
		if synced {
			on, err = s.triggersOn(ctx, p, stageOf(r))
		}
		if err != nil || on {
			return err
		}
	}
	next := record{generation: generation(), relaxed: r.relaxed}
	if !synced {
		if err := s.exec(ctx, expanding(s.change.Operations[i])...); err != nil {
			return err
		}
		return s.keep(ctx, i, r.generation, next)
	}
	if !r.expanded() {
		if p.needsTrigger() {
			next.relaxed = p.relaxes()
		}
		if err := s.addColumns(ctx, p, next.relaxed); err != nil {
			return err
		}
	}
	if p, _, err = s.pair(ctx, i, next.relaxed); err != nil {
		return err
	}
	if p.needsTrigger() {
		if err := s.makeTriggers(ctx, p, filling); err != nil {
			return err
		}
	}
	if err := s.get(ctx, fmt.Sprintf("SELECT max(%s) FROM %s", p.table.rowid, schema.Quote(p.table.name)), nil, &next.bound); err != nil {
		return err
	}
	return s.keep(ctx, i, r.generation, next)
}

// addColumns adds the new columns, bare but for foreign keys, which cannot
// come later, and lets the old ones take rows that do not give them.
func (s *session) addColumns(ctx context.Context, p pair, relaxed []string) error {
	alter := "ALTER TABLE " + schema.Quote(p.table.name) + " "
	for _, n := range p.New {
		column := schema.Quote(n.Physical) + " " + p.typeOf[n.Physical]
		if n.Def.References != nil {
			column += references(*n.Def.References)
		}
		if err := s.exec(ctx, alter+"ADD COLUMN "+column); err != nil {
			return err
		}
	}
	for _, name := range relaxed {
		if err := s.exec(ctx, alter+"ALTER COLUMN "+schema.Quote(name)+" DROP NOT NULL"); err != nil {
			return err
		}
	}
	return nil
}

// expanding returns the statements of operations that have no pair.
func expanding(op schema.Operation) []string {
	switch o := op.(type) {
	case schema.AddColumn:
		return []string{fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s", schema.Quote(o.Table), columnText(o.Column))}
	case schema.CreateTable:
		return []string{createTable(o)}
	case schema.SQL:
		if !o.OnComplete {
			return []string{o.Up}
		}
	}
	return nil
}

func createTable(o schema.CreateTable) string {
	var lines, keys []string
	for _, c := range o.Columns {
		line := columnText(c)
		if c.Unique {
			line += " UNIQUE"
		}
		lines = append(lines, line)
		if c.Pk {
			keys = append(keys, schema.Quote(c.Name))
		}
	}
	if len(keys) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(keys, ", ")+")")
	}
	return fmt.Sprintf("CREATE TABLE %s (%s)", schema.Quote(o.Name), strings.Join(lines, ", "))
}

// columnText returns a column as it stands in CREATE TABLE, but for UNIQUE,
// which a column that is added cannot have.
func columnText(c schema.Column) string {
	line := schema.Quote(c.Name) + " " + c.Type
	if !c.Nullable {
		line += " NOT NULL" // a key's columns may hold NULL in SQLite otherwise
	}
	if c.Default != nil {
		line += " DEFAULT " + defaultText(*c.Default)
	}
	if c.Check != nil {
		line += fmt.Sprintf(" CONSTRAINT %s CHECK (%s\n)", schema.Quote(c.Check.Name), c.Check.Constraint)
	}
	if c.References != nil {
		line += references(*c.References)
	}
	return line
}

// defaultText keeps a plain value plain: in parentheses it would count as an
// expression, which a column that is added cannot have.
func defaultText(value string) string {
	if bare := strings.TrimLeft(value, "+-"); isNumber(bare) || bare != "" && piece(bare) == len(bare) {
		return value
	}
	return "(" + value + "\n)"
}

// isNumber reports whether a value is digits with a point.
func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789.") == "" }

func references(r schema.References) string {
	text := fmt.Sprintf(" CONSTRAINT %s REFERENCES %s (%s)", schema.Quote(r.Name), schema.Quote(r.Table), schema.Quote(r.Column))
	if r.OnDelete != "" {
		text += " ON DELETE " + r.OnDelete
	}
	if r.OnUpdate != "" {
		text += " ON UPDATE " + r.OnUpdate
	}
	return text
}
