package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// rehearse builds what belongs on the new columns of a table on an empty twin
// of it that only this session sees, and whose old columns are gone, as they
// will be: a name, type, operator class or expression that does not fit, or
// still means an old column, shows before anything exists.
func (s *session) rehearse(ctx context.Context, t table, op schema.Operation, pairs []pair, goesAlong carried) ([]string, error) {
	var problems []string
	err := s.trial(ctx, func(tx pgx.Tx) error {
		if err := exec(ctx, tx, s.twin(t, pairs)...); err != nil {
			problems = append(problems, err.Error())
			return nil
		}
		for _, sql := range s.rehearsal(t, op, namesIn(pairs), goesAlong) {
			if _, err := tx.Exec(ctx, sql); err != nil {
				problems = append(problems, fmt.Sprintf("%v, in: %s", err, sql))
				return nil
			}
		}
		return nil
	})
	return problems, err
}

// twin makes the empty table.
func (s *session) twin(t table, pairs []pair) []string {
	twin := "pg_temp." + schema.Quote(t.name)
	sql := []string{fmt.Sprintf("CREATE TEMP TABLE %s (LIKE %s) ON COMMIT DROP", schema.Quote(t.name), s.name(t.name))}
	for _, op := range s.change.Operations {
		if o, plain := op.(schema.AddColumn); plain && o.Table == t.name && o.Up == "" {
			sql = append(sql, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", twin, schema.Quote(o.Column.Name), o.Column.Type))
		}
	}
	for _, p := range pairs {
		for _, n := range p.New {
			sql = append(sql, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", twin, schema.Quote(n.Physical), p.typeOf[n.Physical]))
		}
	}
	for _, p := range pairs {
		for _, o := range p.Old {
			sql = append(sql, fmt.Sprintf("ALTER TABLE %s DROP COLUMN IF EXISTS %s", twin, schema.Quote(o.Name)))
		}
	}
	return sql
}

// rehearsal is what one operation builds, and what goes along with its columns.
func (s *session) rehearsal(t table, op schema.Operation, n names, goesAlong carried) []string {
	twin := "pg_temp." + schema.Quote(t.name)
	var sql []string
	switch o := op.(type) {
	case schema.CreateIndex:
		return []string{indexOf(o, n).rehearsed(twin)}
	case schema.CreateConstraint:
		if o.Type != "foreign_key" {
			sql = append(sql, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", twin, schema.Quote(o.Name), s.constraintSQL(o.Constraint, n)))
		}
	}
	for _, x := range goesAlong.indexes {
		sql = append(sql, x.rehearsed(twin))
	}
	for _, k := range goesAlong.constraints {
		if !k.key {
			sql = append(sql, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", twin, schema.Quote(k.new), k.sql))
		}
	}
	return sql
}

// tableFits tries a new table as one that only this session sees.
func (s *session) tableFits(ctx context.Context, o schema.CreateTable) ([]string, error) {
	problems, err := s.mustBeFree(ctx, o.Name)
	if err != nil || len(problems) > 0 {
		return problems, err
	}
	err = s.trial(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf("CREATE TEMP TABLE %s (%s) ON COMMIT DROP", schema.Quote(o.Name), s.tableBody(o, false))); err != nil {
			problems = append(problems, err.Error())
		}
		return nil
	})
	return problems, err
}

// standing checks operations on what stands on a table; done says that there
// is nothing more to check.
func (s *session) standing(ctx context.Context, t table, op schema.Operation) (problems []string, done bool, err error) {
	switch o := op.(type) {
	case schema.DropTable:
		problems, err = s.mayDropTable(ctx, t)
		return problems, true, err
	case schema.RenameTable:
		return nil, true, nil
	case schema.SetReplicaIdentity:
		problems, err = s.mayIdentify(ctx, t, o)
		return problems, true, err
	case schema.RenameConstraint:
		problems, err = s.mayRename(ctx, o)
		return problems, true, err
	case schema.DropConstraint:
		problems, err = s.mayDropConstraint(ctx, o.Table, o.Name)
		_, copies := o.Sync()
		return problems, !copies, err
	case schema.DropMulticolumnConstraint:
		problems, err = s.mayDropConstraint(ctx, o.Table, o.Name)
		_, copies := o.Sync()
		return problems, !copies, err
	case schema.CreateIndex:
		problems, err = s.mustBeFree(ctx, o.Name)
	case schema.CreateConstraint:
		problems, err = s.mayConstrain(ctx, t, o)
	}
	return problems, false, err
}

// mayConstrain checks what a constraint needs around it.
func (s *session) mayConstrain(ctx context.Context, t table, o schema.CreateConstraint) ([]string, error) {
	if _, there, err := s.constraint(ctx, o.Table, o.Name); err != nil || there {
		return []string{"there is a constraint " + o.Name + " already"}, err
	}
	switch o.Type {
	case "unique", "primary_key":
		if problems, err := s.mustBeFree(ctx, o.Name); err != nil || len(problems) > 0 || o.Type == "unique" {
			return problems, err
		}
		var keyed bool
		err := s.conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = $1 AND indisprimary)", t.oid).Scan(&keyed)
		if err != nil || !keyed {
			return nil, err
		}
		return []string{t.name + " has a primary key already; drop it in a change before this one"}, nil
	case "exclude":
		return s.small(ctx, t, "PostgreSQL cannot build an exclusion constraint beside writers; add it in a maintenance window")
	case "foreign_key":
		for _, op := range s.change.Operations {
			if c, ok := op.(schema.CreateTable); ok && c.Name == o.References.Table {
				return nil, nil
			}
		}
		_, err := s.table(ctx, s.conn, o.References.Table)
		return nil, err
	}
	return nil, nil
}

func (s *session) mayRename(ctx context.Context, o schema.RenameConstraint) ([]string, error) {
	_, from, err := s.constraint(ctx, o.Table, o.From)
	if err != nil {
		return nil, err
	}
	for _, op := range s.change.Operations {
		if c, ok := op.(schema.CreateConstraint); ok && c.Table == o.Table && c.Name == o.From {
			from = true
		}
	}
	if !from {
		return []string{fmt.Sprintf("%s has no constraint %s", o.Table, o.From)}, nil
	}
	_, to, err := s.constraint(ctx, o.Table, o.To)
	if err != nil || !to {
		return nil, err
	}
	return []string{fmt.Sprintf("%s has a constraint %s already", o.Table, o.To)}, nil
}

func (s *session) mayDropConstraint(ctx context.Context, table, name string) ([]string, error) {
	var kind string
	var needed *string
	err := s.conn.QueryRow(ctx, `SELECT k.contype::text, (SELECT min(format('%s of %s', f.conname, f.conrelid::regclass)) FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = k.conindid AND f.oid <> k.oid AND k.contype IN ('p', 'u'))
		FROM pg_constraint k WHERE k.conrelid = to_regclass($1) AND k.conname = $2`, s.name(table), name).Scan(&kind, &needed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return []string{fmt.Sprintf("%s has no constraint %s", table, name)}, nil
	case err != nil:
		return nil, fmt.Errorf("looking for the constraint %s: %w", name, err)
	case kind == "p":
		return []string{name + " is the primary key, which replication and foreign keys need; change it in a maintenance window"}, nil
	case needed != nil:
		return []string{fmt.Sprintf("the foreign key %s needs %s; drop that key in a change before this one", *needed, name)}, nil
	}
	return nil, nil
}

func (s *session) mayDropIndex(ctx context.Context, name string) ([]string, error) {
	var constraint *string
	var partitioned bool
	err := s.conn.QueryRow(ctx, `SELECT (SELECT min(conname) FROM pg_constraint WHERE conindid = c.oid), c.relkind = 'I'
		FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('i', 'I')`, s.name(name)).Scan(&constraint, &partitioned)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return []string{"there is no index " + name}, nil
	case err != nil:
		return nil, fmt.Errorf("looking for the index %s: %w", name, err)
	case constraint != nil:
		return []string{fmt.Sprintf("the constraint %s needs the index %s; drop that instead, with drop_constraint", *constraint, name)}, nil
	case partitioned:
		return []string{name + " is the index of a partitioned table, which cannot be dropped concurrently; drop it in a maintenance window"}, nil
	}
	return nil, nil
}

// mayIdentify checks the index of a replica identity, unless the change makes
// it.
func (s *session) mayIdentify(ctx context.Context, t table, o schema.SetReplicaIdentity) ([]string, error) {
	if o.Identity.Type != "index" {
		return nil, nil
	}
	for _, op := range s.change.Operations {
		switch made := op.(type) {
		case schema.CreateIndex:
			if made.Name == o.Identity.Index && made.Unique {
				return nil, nil
			}
		case schema.CreateConstraint:
			if made.Name == o.Identity.Index {
				return nil, nil
			}
		}
	}
	var fits bool
	err := s.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $1 AND c.relname = $2
		AND x.indisunique AND x.indimmediate AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
		AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey::int2[]) AND NOT a.attnotnull))`, t.oid, o.Identity.Index).Scan(&fits)
	if err != nil || fits {
		return nil, err
	}
	return []string{fmt.Sprintf("%s has no index %s that is unique, whole, not deferrable, and on columns that are not null", t.name, o.Identity.Index)}, nil
}

// mayDropTable looks for what contract would break, but for what the change
// drops before.
func (s *session) mayDropTable(ctx context.Context, t table) ([]string, error) {
	gone := []string{}
	for _, op := range s.change.Operations {
		switch o := op.(type) {
		case schema.DropTable:
			if o.Name != t.name {
				gone = append(gone, o.Name)
			}
		case schema.DropConstraint, schema.DropMulticolumnConstraint:
			gone = append(gone, op.Target())
		}
	}
	rows, err := s.conn.Query(ctx, `SELECT 'the foreign key ' || conname || ' of ' || conrelid::regclass FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid
			WHERE confrelid = $1 AND conrelid <> $1 AND contype = 'f' AND NOT c.relname = ANY ($2)
		UNION SELECT 'the view ' || r.ev_class::regclass FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
			WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND r.ev_class <> $1 ORDER BY 1`, t.oid, gone)
	if err != nil {
		return nil, fmt.Errorf("looking for what needs %s: %w", t.name, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var what string
		err := row.Scan(&what)
		return what + " needs " + t.name + "; drop it in a change before this one", err
	})
}
