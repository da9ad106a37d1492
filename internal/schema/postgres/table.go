package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// table is what the catalogue says of a table.
type table struct {
	oid       uint32
	name      string
	kind      string
	inherits  bool
	filenode  uint32
	columns   []column
	permanent bool
}

// column is what the catalogue says of a column.
type column struct {
	name, typ, defaultTo, comment, identity, generated string
	number                                             int16
	notNull                                            bool
}

func (t table) column(name string) (column, bool) {
	i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return t.columns[i], true
}

// typeOf returns the type of a column, or "".
func (t table) typeOf(name string) string {
	c, _ := t.column(name)
	return c.typ
}

// queryer is a connection or a transaction.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// errNoTable means that a table is not there.
var errNoTable = errors.New("there is no such table")

// table reads a table from the catalogue.
func (s *session) table(ctx context.Context, q queryer, name string) (table, error) {
	t := table{name: name}
	err := q.QueryRow(ctx, `SELECT c.oid, c.relkind::text, coalesce(pg_relation_filenode(c.oid), 0), c.relpersistence = 'p',
			EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid OR inhparent = c.oid)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`, s.namespace(), name).
		Scan(&t.oid, &t.kind, &t.filenode, &t.permanent, &t.inherits)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, fmt.Errorf("%s: %w", s.name(name), errNoTable)
	}
	if err != nil {
		return t, fmt.Errorf("reading the table %s: %w", name, err)
	}
	rows, err := q.Query(ctx, `SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
			coalesce(col_description(a.attrelid, a.attnum), ''), a.attidentity::text, a.attgenerated::text, a.attnum, a.attnotnull
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, t.oid)
	if err != nil {
		return t, fmt.Errorf("reading the columns of %s: %w", name, err)
	}
	t.columns, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (column, error) {
		var c column
		err := row.Scan(&c.name, &c.typ, &c.defaultTo, &c.comment, &c.identity, &c.generated, &c.number, &c.notNull)
		return c, err
	})
	if err != nil {
		return t, fmt.Errorf("reading the columns of %s: %w", name, err)
	}
	return t, nil
}
