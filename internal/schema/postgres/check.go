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
		case schema.DropMulticolumnConstraint:
			dropped[o.Name] = true
		}
	}
	hint := ""
	for i, op := range s.change.Operations {
		problems, err := s.fits(ctx, i, created, dropped)
		if errors.Is(err, ErrRefused) || errors.Is(err, errNoTable) {
			problems, err = []string{err.Error()}, nil
		}
		if err != nil {
			return fmt.Errorf("checking operation %d, %s: %w", i+1, op.Kind(), err)
		}
		for _, p := range problems {
			found = append(found, fmt.Errorf("operation %d, %s: %s%s", i+1, op.Kind(), p, hint))
		}
		if o, raw := op.(schema.SQL); raw && !o.OnComplete {
			hint = fmt.Sprintf(" (what operation %d makes does not exist yet: if this needs it, put that into a change before this one)", i+1)
		}
	}
	problems, err := s.shimFits(ctx)
	if err != nil {
		return err
	}
	if found = append(found, problems...); len(found) > 0 {
		return fmt.Errorf("%w: %w", ErrRefused, errors.Join(found...))
	}
	return nil
}

// shimFits checks the schema of the views, if there are to be any.
func (s *session) shimFits(ctx context.Context) ([]error, error) {
	needed := false
	for _, op := range s.change.Operations {
		sync, ok, err := s.syncOf(ctx, s.conn, op)
		if err != nil && !errors.Is(err, ErrRefused) {
			return nil, err
		}
		needed = needed || ok && sync.Shim
	}
	if !needed {
		return nil, nil
	}
	if s.version() < 15 {
		return []error{errors.New("PostgreSQL before 15 has no views with the rights of their user; give each altered column a name of its own with `as`")}, nil
	}
	var taken bool
	if err := s.conn.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL", schema.Quote(Shim(s.change))).Scan(&taken); err != nil {
		return nil, fmt.Errorf("looking for the schema %s: %w", Shim(s.change), err)
	}
	if taken {
		return []error{fmt.Errorf("the schema %s, for the views of new code, exists already; give the change another name or version_schema", Shim(s.change))}, nil
	}
	return nil, nil
}

// fits returns what keeps one operation from being carried out.
func (s *session) fits(ctx context.Context, i int, created, dropped map[string]bool) ([]string, error) {
	op := s.change.Operations[i]
	switch o := op.(type) {
	case schema.CreateTable:
		return s.tableFits(ctx, o)
	case schema.RenameTable:
		if problems, err := s.mustBeFree(ctx, o.To); err != nil || len(problems) > 0 {
			return problems, err
		}
	case schema.DropIndex:
		return s.mayDropIndex(ctx, o.Name)
	}
	if op.Target() == "" || created[op.Target()] {
		return nil, nil
	}
	t, err := s.table(ctx, s.conn, op.Target())
	if err != nil {
		return nil, err
	}
	if problems, done, err := s.standing(ctx, t, op); err != nil || done || len(problems) > 0 {
		return problems, err
	}
	if problems := shape(t); len(problems) > 0 {
		return problems, nil
	}
	if add, ok := op.(schema.AddColumn); ok && add.Up == "" {
		return s.plainColumn(ctx, t, add)
	}
	return s.columnsFit(ctx, i, t, dropped)
}

// columnsFit checks the columns of an operation, and what stands on them.
func (s *session) columnsFit(ctx context.Context, i int, t table, dropped map[string]bool) ([]string, error) {
	p, ok, err := s.pair(ctx, s.conn, i)
	if err != nil {
		return nil, err
	}
	pairs, err := s.pairsOf(ctx, s.conn, t.name)
	if err != nil {
		return nil, err
	}
	goesAlong, err := s.carry(ctx, s.conn, pairs)
	if err != nil {
		return nil, err
	}
	if ok {
		if problems, err := s.pairFits(ctx, p, dropped, goesAlong); err != nil || len(problems) > 0 {
			return problems, err
		}
	}
	return s.rehearse(ctx, t, s.change.Operations[i], pairs, goesAlong)
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

// plainColumn checks a column that the database fills by itself: PostgreSQL
// would rewrite the whole table, locked, for values that differ row by row.
func (s *session) plainColumn(ctx context.Context, t table, o schema.AddColumn) ([]string, error) {
	if _, taken := t.column(o.Column.Name); taken {
		return []string{"the column " + o.Column.Name + " exists already"}, nil
	}
	var problems []string
	err := s.trial(ctx, func(tx pgx.Tx) error {
		rewrites, err := rewrites(ctx, tx, fmt.Sprintf("CREATE TEMP TABLE %s (LIKE %s INCLUDING GENERATED) ON COMMIT DROP", schema.Quote(t.name), s.name(t.name)),
			"ALTER TABLE pg_temp."+schema.Quote(t.name)+" ADD COLUMN "+s.definition(bare(o.Column)), "pg_temp."+schema.Quote(t.name))
		switch {
		case err != nil:
			problems = append(problems, err.Error())
		case rewrites && o.Column.Generated == nil:
			problems = append(problems, "the default differs row by row, which would rewrite the table under a lock; give it as `up` too")
		case rewrites:
			problems, err = s.small(ctx, t, "a generated column makes PostgreSQL rewrite the table under a lock; add a plain column with `up`, or do it in a maintenance window")
			return err
		}
		return nil
	})
	return problems, err
}

// rewrites reports whether a statement gives a table a new file.
func rewrites(ctx context.Context, tx pgx.Tx, create, alter, table string) (bool, error) {
	var before, after uint32
	if _, err := tx.Exec(ctx, create); err != nil {
		return false, err
	}
	if err := tx.QueryRow(ctx, "SELECT pg_relation_filenode($1::regclass)", table).Scan(&before); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, alter); err != nil {
		return false, err
	}
	err := tx.QueryRow(ctx, "SELECT pg_relation_filenode($1::regclass)", table).Scan(&after)
	return before != after, err
}

// small returns what must not be done to a large table.
func (s *session) small(ctx context.Context, t table, what string) ([]string, error) {
	var size int64
	if err := s.conn.QueryRow(ctx, "SELECT pg_table_size($1::oid)", t.oid).Scan(&size); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", t.name, err)
	}
	if size <= s.smallTable() {
		return nil, nil
	}
	return []string{fmt.Sprintf("%s has %d MiB, and tables over %d MiB are not locked for work on all their rows: %s", t.name, size>>20, s.smallTable()>>20, what)}, nil
}

// pairFits checks names, everything that depends on the old columns, and the
// expressions.
func (s *session) pairFits(ctx context.Context, p pair, dropped map[string]bool, goesAlong carried) ([]string, error) {
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
			problems = append(problems, "the column "+o.Name+" is generated, so that nothing can be written to it; add a column with `up` that takes its place")
		case old.identity != "":
			problems = append(problems, "the column "+o.Name+" is an identity, whose numbers must go on from one place; add a column beside it with add_column and `up`")
		case o.Down == "" && old.notNull && old.defaultTo == "":
			problems = append(problems, "the column "+o.Name+" is not nullable and has no default: new code's rows need a `down`")
		}
		found, err := s.dependants(ctx, p, old, dropped, goesAlong)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
	}
	if p.Source != nil {
		found, err := s.crossFits(ctx, p)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
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
