package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// createIndex builds an index unless a whole one of the name is there. One
// that a crash or a duplicate left half built is removed and built again.
// Building waits for others, but nobody waits for it, so that it has no lock
// budget.
func (s *session) createIndex(ctx context.Context, name, sql string) error {
	var valid bool
	err := s.conn.QueryRow(ctx, "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)", s.name(name)).Scan(&valid)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return fmt.Errorf("looking for the index %s: %w", name, err)
	case valid:
		return nil
	default:
		if err := s.dropIndex(ctx, name); err != nil {
			return err
		}
	}
	return s.patiently(ctx, "building the index "+name, sql)
}

func (s *session) dropIndex(ctx context.Context, name string) error {
	return s.patiently(ctx, "dropping the index "+name, "DROP INDEX CONCURRENTLY IF EXISTS "+s.name(name))
}

// patiently runs a statement that lets everybody pass, without a lock budget.
func (s *session) patiently(ctx context.Context, doing, sql string) error {
	if _, err := s.conn.Exec(ctx, "SET lock_timeout = 0"); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	_, err := s.conn.Exec(ctx, sql)
	_, reset := s.conn.Exec(ctx, fmt.Sprintf("SET lock_timeout = %d", s.lockTimeout().Milliseconds()))
	if err != nil {
		return fmt.Errorf("%s: %w in: %s", doing, err, sql)
	}
	return reset
}

// indexSQL returns the statement of a create_index.
func (s *session) indexSQL(o schema.CreateIndex) string {
	var columns []string
	for _, c := range o.Columns {
		sql := schema.Quote(c.Column)
		if c.Collate != "" {
			sql += " COLLATE " + schema.Quote(c.Collate)
		}
		if c.Opclass != "" {
			sql += " " + c.Opclass
		}
		sql += " " + c.Sort
		if c.Nulls != "" {
			sql += " NULLS " + c.Nulls
		}
		columns = append(columns, sql)
	}
	sql := "CREATE "
	if o.Unique {
		sql += "UNIQUE "
	}
	method := o.Method
	if method == "" {
		method = "btree"
	}
	sql += fmt.Sprintf("INDEX CONCURRENTLY %s ON %s USING %s (%s)", schema.Quote(o.Name), s.name(o.Table), method, strings.Join(columns, ", "))
	if o.StorageParameters != "" {
		sql += " WITH (" + o.StorageParameters + ")"
	}
	if o.Predicate != "" {
		sql += " WHERE " + o.Predicate
	}
	return sql
}

// twin is an index of an old column and the one that takes its place.
type twin struct{ old, new, sql string }

// twins lists the plain indexes on columns that the new ones take the place
// of.
func (s *session) twins(ctx context.Context, q queryer, p pair) ([]twin, error) {
	rows, err := q.Query(ctx, `SELECT c.relname, x.indisunique, m.amname, array_agg(a.attname::text ORDER BY k.n)
		FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am m ON m.oid = c.relam
		CROSS JOIN unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, n) JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
		WHERE x.indrelid = $1 AND x.indexprs IS NULL AND x.indpred IS NULL
			AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = x.indexrelid AND o.contype IN ('p', 'u', 'x'))
		GROUP BY 1, 2, 3 ORDER BY 1`, p.table.oid)
	if err != nil {
		return nil, fmt.Errorf("reading the indexes of %s: %w", p.Table, err)
	}
	defer rows.Close()
	var out []twin
	for rows.Next() {
		var name, method string
		var unique bool
		var columns []string
		if err := rows.Scan(&name, &unique, &method, &columns); err != nil {
			return nil, fmt.Errorf("reading the indexes of %s: %w", p.Table, err)
		}
		op := schema.CreateIndex{Name: schema.Name("cutover_new", name), Table: p.Table, Method: method, Unique: unique}
		for _, column := range columns {
			i := slices.IndexFunc(p.New, func(n schema.NewColumn) bool { return n.Of == column })
			if i >= 0 {
				column = p.New[i].Physical
			}
			op.Columns = append(op.Columns, schema.IndexColumn{Column: column})
		}
		if slices.ContainsFunc(columns, p.isOld) && !slices.ContainsFunc(op.Columns, func(c schema.IndexColumn) bool { return p.isOld(c.Column) }) {
			out = append(out, twin{old: name, new: op.Name, sql: s.indexSQL(op)})
		}
	}
	return out, rows.Err()
}
