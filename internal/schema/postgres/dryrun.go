package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// sample is how many rows the expressions are tried on: the first ones, and
// as many from anywhere.
const sample = 200

// dryRun evaluates both directions on real rows, so that an expression that
// cannot be parsed, or that fails, or gives what the new shape refuses, is
// found before anything exists.
func (s *session) dryRun(ctx context.Context, p pair) ([]string, error) {
	var problems []string
	try := func(what, sql string, args ...any) error {
		return s.trial(ctx, func(tx pgx.Tx) error {
			var rows, bad int64
			if err := tx.QueryRow(ctx, sql, args...).Scan(&rows, &bad); err != nil {
				problems = append(problems, fmt.Sprintf("%s cannot be evaluated: %v", what, err))
			} else if bad > 0 {
				problems = append(problems, fmt.Sprintf("%s gives what the column does not take, for %d of %d rows tried", what, bad, rows))
			}
			return nil
		})
	}
	rows := fmt.Sprintf("((SELECT * FROM %s LIMIT %d) UNION ALL (SELECT * FROM %[1]s TABLESAMPLE SYSTEM (1) LIMIT %[2]d)) AS r", s.name(p.Table), sample)
	for _, n := range p.New {
		sql := fmt.Sprintf("SELECT count(*), count(*) FILTER (WHERE %s) FROM (SELECT %s AS v FROM %s) AS tried", p.refuses(n), p.up(n, "r"), rows)
		if err := try("`up` of "+n.Final, sql); err != nil || len(problems) > 0 {
			return problems, err
		}
	}
	if p.Source != nil {
		whole := fmt.Sprintf("SELECT count(v), 0 FROM (SELECT %s AS v FROM (SELECT * FROM %s LIMIT %d) AS s) AS tried", p.upOf("s"), s.name(p.Source.Table), sample)
		if err := try("`up` of "+p.New[0].Final, whole); err != nil || len(problems) > 0 || p.Source.Down == "" {
			return problems, err
		}
		back := fmt.Sprintf("SELECT count(v), 0 FROM (SELECT %s AS v FROM (SELECT %s FROM %s) AS n) AS tried", p.downOf("n"), p.withUps("r"), rows)
		return problems, try("`down` of "+p.Source.Column, back)
	}
	for _, o := range p.Old {
		if o.Down == "" {
			continue
		}
		sql := fmt.Sprintf("SELECT count(v), 0 FROM (SELECT %s AS v FROM (SELECT %s FROM %s) AS n) AS tried", p.down(o, "n"), p.withUps("r"), rows)
		if err := try("`down` of "+o.Name, sql); err != nil {
			return problems, err
		}
	}
	return problems, nil
}

// refuses is true for a value v that the new column would not take.
func (p pair) refuses(n schema.NewColumn) string {
	list := []string{"false"}
	if p.notNull(n) {
		list = append(list, "v IS NULL")
	}
	if n.Def.Check != nil {
		list = append(list, "NOT ("+schema.Rewrite(n.Def.Check.Constraint, n.Final, "v")+"\n)")
	}
	return strings.Join(list, " OR ")
}

// withUps are the columns of a row whose new shape has been filled.
func (p pair) withUps(row string) string {
	list := []string{p.upColumns(row)}
	for _, n := range p.New {
		list = append(list, p.up(n, row)+" AS "+schema.Quote(n.Physical))
	}
	return strings.Join(list, ", ")
}

// notNull reports whether the new column is to refuse NULL.
func (p pair) notNull(n schema.NewColumn) bool {
	if n.Nullable != nil {
		return !*n.Nullable
	}
	old, ok := p.table.column(n.Of)
	return ok && old.notNull
}
