package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// Check looks for everything in the database that the change does not fit,
// and tries its expressions on rows that are there. It creates nothing. What
// it finds comes as one error that wraps ErrRefused.
func (e *Engine) Check(ctx context.Context, c schema.Change) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	return s.check(ctx)
}

func (s *session) check(ctx context.Context) error {
	var found []error
	created, dropped := map[string]bool{}, map[string]bool{}
	for _, op := range s.change.Operations {
		switch o := op.(type) {
		case schema.CreateTable:
			created[o.Name] = true
		case schema.DropIndex:
			dropped[o.Name] = true
		case schema.DropConstraint:
			dropped[o.Name] = true
		}
	}
	for i, op := range s.change.Operations {
		problems, err := s.fits(ctx, i, created, dropped)
		if err != nil {
			return fmt.Errorf("checking operation %d, %s: %w", i+1, op.Kind(), err)
		}
		for _, p := range problems {
			found = append(found, fmt.Errorf("operation %d, %s: %s", i+1, op.Kind(), p))
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %w", ErrRefused, errors.Join(found...))
	}
	return nil
}

// fits returns what keeps one operation from being carried out.
func (s *session) fits(ctx context.Context, i int, created, dropped map[string]bool) ([]string, error) {
	op := s.change.Operations[i]
	switch o := op.(type) {
	case schema.CreateTable:
		return s.mustBeFree(ctx, o.Name)
	case schema.RenameTable:
		return s.mustBeFree(ctx, o.To)
	}
	if op.Target() == "" || created[op.Target()] {
		return nil, nil
	}
	t, err := s.table(ctx, s.conn, op.Target())
	if errors.Is(err, errNoTable) {
		return []string{err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	if _, ok := op.(schema.Syncing); !ok {
		return nil, nil
	}
	if problems := shape(t); len(problems) > 0 {
		return problems, nil
	}
	if add, ok := op.(schema.AddColumn); ok && add.Up == "" {
		return s.plainColumn(ctx, t, add)
	}
	p, ok, err := s.pair(ctx, s.conn, i)
	if err != nil || !ok {
		return nil, err
	}
	return s.pairFits(ctx, p, dropped)
}

// shape says which tables cannot hold two shapes.
func shape(t table) []string {
	switch {
	case t.kind == "p":
		return []string{t.name + " is partitioned; change its partitions' parent by hand, in a maintenance window"}
	case t.kind != "r":
		return []string{t.name + " is not a plain table"}
	case t.inherits:
		return []string{t.name + " is a partition, or inherits from another table; columns can only change in all of them at once"}
	case !t.permanent:
		return []string{t.name + " is unlogged or temporary"}
	}
	return nil
}

func (s *session) mustBeFree(ctx context.Context, name string) ([]string, error) {
	var taken bool
	err := s.conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", s.name(name)).Scan(&taken)
	if err != nil || !taken {
		return nil, err
	}
	return []string{"the name " + name + " is taken"}, nil
}

// plainColumn checks a column that its default alone fills: PostgreSQL would
// rewrite the whole table, locked, for a default that differs row by row.
func (s *session) plainColumn(ctx context.Context, t table, o schema.AddColumn) ([]string, error) {
	if _, taken := t.column(o.Column.Name); taken {
		return []string{"the column " + o.Column.Name + " exists already"}, nil
	}
	var problems []string
	err := s.trial(ctx, func(tx pgx.Tx) error {
		var before, after uint32
		if err := exec(ctx, tx, "CREATE TEMP TABLE cutover_trial (one int) ON COMMIT DROP", "INSERT INTO cutover_trial VALUES (1)"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT pg_relation_filenode('cutover_trial')").Scan(&before); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "ALTER TABLE cutover_trial ADD COLUMN "+definition(o.Column)); err != nil {
			problems = append(problems, err.Error())
			return nil
		}
		if err := tx.QueryRow(ctx, "SELECT pg_relation_filenode('cutover_trial')").Scan(&after); err != nil {
			return err
		}
		if before != after {
			problems = append(problems, "the default differs row by row, which would rewrite the table under a lock; give it as `up` too")
		}
		return nil
	})
	return problems, err
}

// pairFits checks names, everything that depends on the old columns, and the
// expressions.
func (s *session) pairFits(ctx context.Context, p pair, dropped map[string]bool) ([]string, error) {
	var problems []string
	for _, n := range p.New {
		if _, taken := p.table.column(n.Physical); taken {
			problems = append(problems, "the column "+n.Physical+" exists already")
		}
	}
	for _, o := range p.Old {
		old, ok := p.table.column(o.Name)
		switch {
		case !ok:
			problems = append(problems, "there is no column "+o.Name)
			continue
		case old.generated != "":
			problems = append(problems, "the column "+o.Name+" is generated; nothing can be written to it")
		case old.identity != "":
			problems = append(problems, "the column "+o.Name+" is an identity")
		case o.Down == "" && old.notNull && old.defaultTo == "":
			problems = append(problems, "the column "+o.Name+" is not nullable and has no default: new code's rows need a `down`")
		}
		found, err := s.dependants(ctx, p, old, dropped)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
	}
	if p.Shim && s.version() < 15 {
		problems = append(problems, "PostgreSQL before 15 has no views with the rights of their user; give the new column a name of its own with `as`")
	}
	if len(problems) > 0 {
		return problems, nil
	}
	return s.dryRun(ctx, p)
}

// trial runs do in a transaction that is always rolled back.
func (s *session) trial(ctx context.Context, do func(tx pgx.Tx) error) error {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning a trial: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if err := exec(ctx, tx, "SET LOCAL statement_timeout = '10s'"); err != nil {
		return err
	}
	return do(tx)
}
