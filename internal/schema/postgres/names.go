package postgres

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cutover/internal/schema"
)

// names are the columns of a table that are called otherwise while both
// shapes exist: by the name new code knows, the one in the table.
type names map[string]string

// column returns the quoted name in the table.
func (n names) column(name string) string {
	if physical, is := n[name]; is {
		return schema.Quote(physical)
	}
	return schema.Quote(name)
}

func (n names) list(columns []string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = n.column(c)
	}
	return strings.Join(list, ", ")
}

// in returns an expression over the columns as they are called in the table.
func (n names) in(expr string) string {
	for _, name := range slices.Sorted(maps.Keys(n)) {
		expr = schema.Rewrite(expr, name, n[name])
	}
	return expr
}

// pairsOf returns the pairs of a table that keep two shapes in step. Those of
// operations that are contracted do no longer, and their tables may have other
// names by now.
func (s *session) pairsOf(ctx context.Context, q queryer, table string) ([]pair, error) {
	var out []pair
	for i, op := range s.change.Operations {
		if op.Target() != table || s.contracted[i] {
			continue
		}
		p, ok, err := s.pair(ctx, q, i)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, p)
		}
	}
	return out, nil
}

// namesIn returns what the columns new code knows are called in a table.
func namesIn(pairs []pair) names {
	out := names{}
	for _, p := range pairs {
		for _, n := range p.New {
			if n.Physical != n.Final {
				out[n.Final] = n.Physical
			}
		}
	}
	return out
}
