package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// carried is what stands on old columns of a table and is made again on the
// ones that take their place, under a name of its own until contract.
type carried struct {
	indexes     []carriedIndex
	constraints []carriedConstraint
}

type carriedIndex struct {
	old string
	index
	// constraint says that the index is that of a unique constraint,
	// replica that it is the table's replica identity.
	constraint, replica bool
}

type carriedConstraint struct {
	old, new, sql string
	// valid says that the old one holds for every row, key that it is a
	// foreign key.
	valid, key bool
}

// has reports whether something of a name is carried.
func (c carried) has(name string) bool {
	return slices.ContainsFunc(c.indexes, func(x carriedIndex) bool { return x.old == name }) ||
		slices.ContainsFunc(c.constraints, func(k carriedConstraint) bool { return k.old == name })
}

// replacements says, by old column of a table, which column takes its place;
// an empty name is none.
func replacements(pairs []pair) names {
	out := names{}
	for _, p := range pairs {
		for _, o := range p.Old {
			out[o.Name] = ""
			for _, n := range p.New {
				if n.Of == o.Name {
					out[o.Name] = n.Physical
				}
			}
		}
	}
	return out
}

// moves reports whether something on columns goes with an old one, and can be
// made again because each of these has a replacement.
func (n names) moves(columns []string) bool {
	moved := false
	for _, c := range columns {
		if to, old := n[c]; old {
			if to == "" {
				return false
			}
			moved = true
		}
	}
	return moved
}

// only returns the names that concern the columns.
func (n names) only(columns []string) names {
	out := names{}
	for _, c := range columns {
		if to := n[c]; to != "" {
			out[c] = to
		}
	}
	return out
}

// carry looks for what goes along with the old columns of a table, except
// what the change drops itself. Definitions come from the catalogue, in which
// every name is written as it must be quoted; the check tries the result.
func (s *session) carry(ctx context.Context, q queryer, pairs []pair) (carried, error) {
	if len(pairs) == 0 {
		return carried{}, nil
	}
	table := pairs[0].Table
	to := replacements(pairs)
	indexes, err := s.carryIndexes(ctx, q, pairs[0].table, to)
	if err != nil {
		return carried{}, fmt.Errorf("reading the indexes of %s: %w", table, err)
	}
	constraints, err := s.carryConstraints(ctx, q, pairs[0].table, to)
	if err != nil {
		return carried{}, fmt.Errorf("reading the constraints of %s: %w", table, err)
	}
	return carried{indexes, constraints}, nil
}

func (s *session) carryIndexes(ctx context.Context, q queryer, t table, to names) ([]carriedIndex, error) {
	rows, err := q.Query(ctx, `SELECT c.relname, x.indisunique, k.oid IS NOT NULL, x.indisreplident, pg_get_indexdef(c.oid),
			format('CREATE %sINDEX %I ON %I.%I USING ', CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname, $2::text, $3::text),
			ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = x.indrelid AND a.attnum > 0 AND (a.attnum = ANY (x.indkey::int2[]) OR EXISTS (
				SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = x.indrelid AND d.refobjsubid = a.attnum)))
		FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x')
		WHERE x.indrelid = $1 AND x.indisvalid AND c.reltablespace = 0 AND (k.oid IS NULL OR k.contype = 'u' AND NOT k.condeferrable) ORDER BY 1`, t.oid, s.namespace(), t.name)
	if err != nil {
		return nil, err
	}
	var out []carriedIndex
	var found carriedIndex
	var definition, head string
	var columns []string
	_, err = pgx.ForEachRow(rows, []any{&found.old, &found.unique, &found.constraint, &found.replica, &definition, &head, &columns}, func() error {
		tail, whole := strings.CutPrefix(definition, head)
		if whole && to.moves(columns) && !s.drops(found.old) {
			x := found
			x.name, x.tail = schema.Name("cutover_new", x.old), "USING "+to.only(columns).in(tail)
			out = append(out, x)
		}
		columns = nil
		return nil
	})
	return out, err
}

func (s *session) carryConstraints(ctx context.Context, q queryer, t table, to names) ([]carriedConstraint, error) {
	rows, err := q.Query(ctx, `SELECT k.conname, k.convalidated, CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) ELSE pg_get_constraintdef(k.oid) END,
			k.contype = 'c', k.connoinherit, ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS n(number, place)
				JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number ORDER BY n.place)
		FROM pg_constraint k WHERE k.conrelid = $1 AND k.contype IN ('c', 'f') AND to_jsonb(k) ->> 'confdelsetcols' IS NULL ORDER BY 1`, t.oid)
	if err != nil {
		return nil, err
	}
	var out []carriedConstraint
	var k carriedConstraint
	var definition string
	var check, noInherit bool
	var columns []string
	_, err = pgx.ForEachRow(rows, []any{&k.old, &k.valid, &definition, &check, &noInherit, &columns}, func() error {
		if to.moves(columns) && !s.drops(k.old) {
			k.key, k.new = !check, schema.Name("cutover_new", k.old)
			if check {
				k.sql = "CHECK (" + to.only(columns).in(definition) + "\n)" + word(noInherit, " NO INHERIT")
			} else {
				// The columns of this table come first; those behind may
				// have the same names.
				_, tail, _ := strings.Cut(definition, ") REFERENCES ")
				k.sql = "FOREIGN KEY (" + to.only(columns).list(columns) + ") REFERENCES " + strings.TrimSuffix(tail, " NOT VALID")
			}
			out = append(out, k)
		}
		columns = nil
		return nil
	})
	return out, err
}

// drops reports whether the change drops an index or a constraint itself.
func (s *session) drops(name string) bool {
	for _, op := range s.change.Operations {
		switch o := op.(type) {
		case schema.DropIndex:
			if o.Name == name {
				return true
			}
		case schema.DropConstraint:
			if o.Name == name {
				return true
			}
		case schema.DropMulticolumnConstraint:
			if o.Name == name {
				return true
			}
		}
	}
	return false
}

// makeAgain gives the new columns of a table, now that they are filled, what
// the old ones have. Nothing that is there already is made twice.
func (s *session) makeAgain(ctx context.Context, table string) error {
	pairs, err := s.pairsOf(ctx, s.conn, table)
	if err != nil {
		return err
	}
	c, err := s.carry(ctx, s.conn, pairs)
	if err != nil {
		return err
	}
	for _, x := range c.indexes {
		if err := s.createIndex(ctx, table, x.index); err != nil {
			return err
		}
	}
	for _, k := range c.constraints {
		if err := s.addConstraint(ctx, table, k.new, k.sql, k.valid); err != nil {
			return err
		}
	}
	return nil
}

// inherit returns the statements by which what was carried takes the names of
// what went with the old columns.
func (s *session) inherit(table string, c carried) []string {
	alter := "ALTER TABLE " + s.name(table) + " "
	var sql []string
	for _, x := range c.indexes {
		sql = append(sql, "ALTER INDEX "+s.name(x.name)+" RENAME TO "+schema.Quote(x.old))
		if x.constraint {
			sql = append(sql, fmt.Sprintf("%sADD CONSTRAINT %s UNIQUE USING INDEX %[2]s", alter, schema.Quote(x.old)))
		}
		if x.replica {
			sql = append(sql, alter+"REPLICA IDENTITY USING INDEX "+schema.Quote(x.old))
		}
	}
	for _, k := range c.constraints {
		sql = append(sql, alter+"RENAME CONSTRAINT "+schema.Quote(k.new)+" TO "+schema.Quote(k.old))
	}
	return sql
}
