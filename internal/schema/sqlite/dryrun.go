package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cutover/internal/schema"
)

// The expressions are tried on some rows from each of many places.
const (
	places   = 40
	perPlace = 10
)

// longestTry ends an expression that would never come to an end.
const longestTry = time.Minute

// dryRun evaluates both directions on real rows, so that an expression that
// cannot be parsed, or that fails, or gives what the new shape refuses, is
// found before anything exists.
func (s *session) dryRun(ctx context.Context, p pair) ([]string, error) {
	rows, err := s.sample(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, n := range p.New {
		query := fmt.Sprintf("SELECT count(*), coalesce(sum(%s), 0), coalesce(sum(v IS NOT w), 0) FROM (SELECT %s, %s AS v, %[3]s AS w FROM %s AS r)",
			p.refuses(n), p.upColumns("r"), p.up(n, "r"), rows)
		if problems := s.try(ctx, "`up` of "+n.Final, query); len(problems) > 0 {
			return problems, nil
		}
	}
	for _, o := range p.Old {
		if o.Down == "" {
			continue
		}
		query := fmt.Sprintf("SELECT count(*), 0, coalesce(sum(v IS NOT w), 0) FROM (SELECT %s AS v, %[1]s AS w FROM (SELECT %s FROM %s AS r) AS n)",
			p.down(o, "n"), p.withUps("r"), rows)
		if problems := s.try(ctx, "`down` of "+o.Name, query); len(problems) > 0 {
			return problems, nil
		}
	}
	return nil, nil
}

// try runs a query that counts rows, those refused, and those for which a
// second evaluation gave something else.
func (s *session) try(ctx context.Context, what, query string) []string {
	ctx, cancel := context.WithTimeout(ctx, longestTry)
	defer cancel()
	var rows, bad, unsteady int64
	if err := s.conn.QueryRowContext(ctx, query).Scan(&rows, &bad, &unsteady); err != nil {
		return []string{fmt.Sprintf("%s cannot be evaluated: %v", what, err)}
	}
	switch {
	case unsteady > 0:
		return []string{fmt.Sprintf("%s gives another value each time it is evaluated", what)}
	case bad > 0:
		return []string{fmt.Sprintf("%s gives what the column does not take, for %d of %d rows tried", what, bad, rows)}
	}
	return nil
}

// sample returns a query of rows from all over the table.
func (s *session) sample(ctx context.Context, p pair) (string, error) {
	var low, high *int64
	row := schema.Quote(p.table.name)
	err := s.get(ctx, fmt.Sprintf("SELECT min(%s), max(%[1]s) FROM %s", p.table.rowid, row), nil, &low, &high)
	if err != nil {
		return "", err
	}
	if low == nil {
		return row, nil
	}
	var parts []string
	for i := range places {
		from := float64(*low) + (float64(*high)-float64(*low))*float64(i)/places
		parts = append(parts, fmt.Sprintf("SELECT * FROM (SELECT * FROM %s WHERE %s >= %d ORDER BY %[2]s LIMIT %[4]d)", row, p.table.rowid, int64(from), perPlace))
	}
	parts = append(parts, fmt.Sprintf("SELECT * FROM (SELECT * FROM %s ORDER BY %s DESC LIMIT %d)", row, p.table.rowid, perPlace))
	return "(" + strings.Join(parts, " UNION ALL ") + ")", nil
}

// refuses is true for a value v that the new column would not take.
func (p pair) refuses(n schema.NewColumn) string {
	list := []string{"0"}
	if p.notNull(n) {
		list = append(list, "v IS NULL")
	}
	if n.Def.Check != nil {
		list = append(list, "NOT ("+schema.Rewrite(n.Def.Check.Constraint, n.Final, "v")+"\n)")
	}
	return strings.Join(list, " OR ")
}

// withUps are the columns of a row as new code knows it, filled. The old shape
// must not be among them: a `down` would find it there.
func (p pair) withUps(row string) string {
	var list []string
	for _, c := range p.table.columns {
		if !p.isOld(c.name) {
			list = append(list, of(row, c.name)+" AS "+schema.Quote(c.name))
		}
	}
	for _, n := range p.New {
		list = append(list, p.up(n, row)+" AS "+schema.Quote(n.Physical))
	}
	return strings.Join(list, ", ")
}
