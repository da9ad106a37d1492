package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// index is one to be built; tail is what follows its table.
type index struct {
	name   string
	unique bool
	tail   string
}

// on returns the statement that builds it on a table that somebody uses.
func (x index) on(table string) string {
	return fmt.Sprintf("CREATE %sINDEX CONCURRENTLY %s ON %s %s", word(x.unique, "UNIQUE "), schema.Quote(x.name), table, x.tail)
}

// rehearsed returns the statement that builds it on a table nobody sees.
func (x index) rehearsed(table string) string {
	return fmt.Sprintf("CREATE %sINDEX ON %s %s", word(x.unique, "UNIQUE "), table, x.tail)
}

// createIndex builds an index unless a whole one of the name is there. One
// that a crash or a duplicate left half built is removed and built again.
// Building waits for others, but nobody waits for it, so that it has no lock
// budget.
func (s *session) createIndex(ctx context.Context, table string, x index) error {
	var valid bool
	err := s.conn.QueryRow(ctx, "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)", s.name(x.name)).Scan(&valid)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return fmt.Errorf("looking for the index %s: %w", x.name, err)
	case valid:
		return nil
	default:
		if err := s.dropIndex(ctx, x.name); err != nil {
			return err
		}
	}
	return s.patiently(ctx, "building the index "+x.name, x.on(s.name(table)))
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

// indexOf returns the index of a create_index.
func indexOf(o schema.CreateIndex, n names) index {
	var columns []string
	for _, c := range o.Columns {
		sql := n.column(c.Column) + word(c.Collate != "", " COLLATE "+schema.Quote(c.Collate)) + word(c.Opclass.Name != "", " "+c.Opclass.Name)
		if len(c.Opclass.Params) > 0 {
			sql += " (" + strings.Join(c.Opclass.Params, ", ") + ")"
		}
		columns = append(columns, sql+word(c.Sort != "", " "+c.Sort)+word(c.Nulls != "", " NULLS "+c.Nulls))
	}
	method := o.Method
	if method == "" {
		method = "btree"
	}
	return index{name: o.Name, unique: o.Unique, tail: fmt.Sprintf("USING %s (%s)", method, strings.Join(columns, ", ")) +
		word(o.StorageParameters != "", " WITH ("+o.StorageParameters+")") + word(o.Predicate != "", " WHERE "+n.in(o.Predicate))}
}

// keyIndex returns the index of a unique constraint or primary key.
func keyIndex(c schema.Constraint, n names) index {
	tail := "USING btree (" + n.list(c.Columns) + ")"
	p := c.IndexParameters
	if p == nil {
		p = &schema.IndexParameters{}
	}
	tail += word(len(p.IncludeColumns) > 0, " INCLUDE ("+n.list(p.IncludeColumns)+")") + word(c.NullsNotDistinct, " NULLS NOT DISTINCT") +
		word(p.StorageParameters != "", " WITH ("+p.StorageParameters+")") + word(p.Tablespace != "", " TABLESPACE "+schema.Quote(p.Tablespace))
	return index{name: c.Name, unique: true, tail: tail}
}
