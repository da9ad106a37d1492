package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// shimmed are the pairs of each table that needs a view.
func (s *session) shimmed(ctx context.Context, q queryer) (map[string][]pair, error) {
	all, needed := map[string][]pair{}, map[string]bool{}
	for i := range s.change.Operations {
		p, ok, err := s.pair(ctx, q, i)
		if err != nil {
			return nil, err
		}
		if ok {
			all[p.Table] = append(all[p.Table], p)
			needed[p.Table] = needed[p.Table] || p.Shim
		}
	}
	maps.DeleteFunc(all, func(table string, _ []pair) bool { return !needed[table] })
	return all, nil
}

// createShim makes a view of each table in which an altered column has its
// own name. Writes through it reach the table's triggers like any other.
func (s *session) createShim(ctx context.Context) error {
	records, err := s.records(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(records, func(r record) bool { return r.contracted != nil }) {
		return nil
	}
	tables, err := s.shimmed(ctx, s.conn)
	if err != nil || len(tables) == 0 {
		return err
	}
	shim := schema.Quote(Shim(s.change))
	return s.ddl(ctx, "making the views of "+Shim(s.change), func(tx pgx.Tx) error {
		if err := exec(ctx, tx, "CREATE SCHEMA IF NOT EXISTS "+shim, "GRANT USAGE ON SCHEMA "+shim+" TO PUBLIC"); err != nil {
			return err
		}
		for _, table := range slices.Sorted(maps.Keys(tables)) {
			view := shim + "." + schema.Quote(table)
			// The rights that count are those of the view's user on the table.
			err := exec(ctx, tx, "DROP VIEW IF EXISTS "+view,
				fmt.Sprintf("CREATE VIEW %s WITH (security_invoker = true) AS SELECT %s FROM %s", view, viewColumns(tables[table]), s.name(table)),
				"GRANT SELECT, INSERT, UPDATE, DELETE ON "+view+" TO PUBLIC")
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// viewColumns lists the table's columns as new code knows them.
func viewColumns(pairs []pair) string {
	var list []string
	for _, c := range pairs[0].table.columns {
		name, hidden := c.name, false
		for _, p := range pairs {
			hidden = hidden || p.isOld(c.name)
			for _, n := range p.New {
				if n.Physical == c.name {
					name = n.Final
				}
			}
		}
		if !hidden {
			list = append(list, schema.Quote(c.name)+" AS "+schema.Quote(name))
		}
	}
	return strings.Join(list, ", ")
}

// dropShim removes the view of one table, and the schema with the last.
func (s *session) dropShim(ctx context.Context, tx pgx.Tx, table string) error {
	if table == "" {
		return nil
	}
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL", schema.Quote(Shim(s.change))).Scan(&there); err != nil || !there {
		return err
	}
	shim := schema.Quote(Shim(s.change))
	if err := exec(ctx, tx, "DROP VIEW IF EXISTS "+shim+"."+schema.Quote(table)); err != nil {
		return err
	}
	var left bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1))", shim).Scan(&left)
	if err != nil || left {
		return err
	}
	return exec(ctx, tx, "DROP SCHEMA "+shim)
}
