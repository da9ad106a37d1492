package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cutover/internal/schema"
)

// A column copied from another table is filled like any column that is added:
// by the fill, and by its own table's trigger for rows that are inserted. What
// is here makes a later write to either table reach the other one.
//
// The foreign key says that the source row is there first and keeps its key,
// so that only these writes matter: to the source's column, to the copy, and
// to the copy's key. A row that is inserted takes its value under a share lock
// on the source row: a writer of the source then waits, and sees the new row,
// or has been waited for.

// crossing is one trigger between two tables: on table, for event, when.
type crossing struct {
	suffix, table, event, when, body string
}

// crossings are the triggers of a pair with a source.
func (p pair) crossings() []crossing {
	if p.Source == nil {
		return nil
	}
	n := p.New[0]
	column, source := schema.Quote(n.Physical), schema.Quote(p.Source.Column)
	ours, theirs := "("+p.upOf("NEW")+")", "NEW."+column
	out := []crossing{{"source", p.Source.Table, "AFTER UPDATE", differ("NEW."+source, "OLD."+source, p.source.typeOf(p.Source.Column)),
		fmt.Sprintf("UPDATE %s AS t SET %s = %s WHERE %s AND %s;", schema.Quote(p.Table), column, ours, p.joined("t", "NEW"), differ("t."+column, ours, p.typeOf[n.Physical]))}}
	key := []string{}
	for _, name := range p.keys() {
		key = append(key, fmt.Sprintf("NEW.%s IS DISTINCT FROM OLD.%[1]s", schema.Quote(name)))
	}
	out = append(out, crossing{"key", p.Table, "BEFORE UPDATE", "(" + strings.Join(key, " OR ") + ") AND NOT " + differ(theirs, "OLD."+column, p.typeOf[n.Physical]),
		fmt.Sprintf("IF EXISTS (SELECT FROM %s AS s WHERE %s) THEN %s := %s; END IF;", schema.Quote(p.Source.Table), p.joined("NEW", "s"), theirs, p.writing(n, "NEW"))})
	if p.Source.Down == "" {
		return out
	}
	// A row whose value follows from its source needs nothing there, also
	// where the way back would not give the same again.
	down := fmt.Sprintf("UPDATE %s AS s SET %s = %s WHERE %s AND %s;", schema.Quote(p.Source.Table), source, p.downOf("NEW"), p.joined("NEW", "s"),
		differ(theirs, p.upOf("s"), p.typeOf[n.Physical]))
	// A writer of the source does not see a row that is just inserted, so
	// that it is locked out also if nothing is to be changed there.
	lock := fmt.Sprintf("PERFORM FROM %s AS s WHERE %s FOR NO KEY UPDATE;\n	", schema.Quote(p.Source.Table), p.joined("NEW", "s"))
	return append(out, crossing{"copied", p.Table, "AFTER INSERT", theirs + " IS NOT NULL", lock + down},
		crossing{"changed", p.Table, "AFTER UPDATE", differ(theirs, "OLD."+column, p.typeOf[n.Physical]), down})
}

func (p pair) keys() []string { return slices.Sorted(maps.Keys(p.Source.On)) }

// joined is true for a row of the copy's table and its source.
func (p pair) joined(row, source string) string {
	var list []string
	for _, key := range p.keys() {
		list = append(list, row+"."+schema.Quote(key)+" = "+source+"."+schema.Quote(p.Source.On[key]))
	}
	return strings.Join(list, " AND ")
}

// upOf returns the copy's value for a row of the source.
func (p pair) upOf(row string) string {
	var list []string
	for _, c := range p.source.columns {
		list = append(list, row+"."+schema.Quote(c.name)+" AS "+schema.Quote(c.name))
	}
	return fmt.Sprintf("(SELECT CAST((%s\n) AS %s) FROM (SELECT %s) AS %s)", p.Source.Up, p.typeOf[p.New[0].Physical], strings.Join(list, ", "), schema.Quote(p.Source.Table))
}

// downOf returns the source's value for a row of the copy's table.
func (p pair) downOf(row string) string {
	return fmt.Sprintf("(SELECT CAST((%s\n) AS %s) FROM (SELECT %s) AS %s)", p.Source.Down, p.source.typeOf(p.Source.Column), p.downColumns(row), schema.Quote(p.Table))
}

// apart is true for a row that follows from its source in neither direction.
func (p pair) apart(row string) string {
	n := p.New[0]
	return fmt.Sprintf("EXISTS (SELECT FROM %s AS s WHERE %s AND %s AND %s)", schema.Quote(p.Source.Table), p.joined(row, "s"),
		differ(row+"."+schema.Quote(n.Physical), p.upOf("s"), p.typeOf[n.Physical]),
		differ("s."+schema.Quote(p.Source.Column), p.downOf(row), p.source.typeOf(p.Source.Column)))
}

// createCross returns the statements that make the triggers between tables.
// What one of them writes is no news to the others.
func (s *session) createCross(p pair) []string {
	var sql []string
	for _, x := range p.crossings() {
		name := schema.Quote(p.triggerOn(x.suffix))
		body := "#variable_conflict use_column\nDECLARE\n	before text := coalesce(current_setting('cutover.copy', true), '');\nBEGIN\n	PERFORM set_config('cutover.copy', 'on', true);\n	" +
			x.body + "\n	PERFORM set_config('cutover.copy', before, true);\n	RETURN NEW;\nEND"
		sql = append(sql,
			fmt.Sprintf("CREATE FUNCTION cutover.%s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = %s, public, pg_temp AS %s", name, schema.Quote(s.namespace()), schema.Literal(body)),
			fmt.Sprintf("CREATE TRIGGER %s %s ON %s FOR EACH ROW WHEN (current_setting('cutover.backfill', true) IS DISTINCT FROM 'on' AND current_setting('cutover.copy', true) IS DISTINCT FROM 'on' AND (%s)) EXECUTE FUNCTION cutover.%[1]s()",
				name, x.event, s.name(x.table), x.when))
	}
	return sql
}

func (s *session) dropCross(p pair) []string {
	var sql []string
	for _, x := range p.crossings() {
		name := schema.Quote(p.triggerOn(x.suffix))
		sql = append(sql, fmt.Sprintf("DROP TRIGGER IF EXISTS %s ON %s", name, s.name(x.table)), fmt.Sprintf("DROP FUNCTION IF EXISTS cutover.%s()", name))
	}
	return sql
}

// crossTriggers are the names of the triggers between tables.
func (p pair) crossTriggers() []string {
	var list []string
	for _, x := range p.crossings() {
		list = append(list, p.triggerOn(x.suffix))
	}
	return list
}

// sourceName is the qualified name of the source's table, or of the pair's
// own.
func (s *session) sourceName(p pair) string {
	if p.Source == nil {
		return s.name(p.Table)
	}
	return s.name(p.Source.Table)
}

// crossFits checks that a foreign key joins both tables as it says.
func (s *session) crossFits(ctx context.Context, p pair) ([]string, error) {
	if _, there := p.source.column(p.Source.Column); !there {
		return []string{fmt.Sprintf("%s has no column %s", p.Source.Table, p.Source.Column)}, nil
	}
	if problems := shape(p.source); len(problems) > 0 {
		return problems, nil
	}
	keys := p.keys()
	var others []string
	for _, key := range keys {
		others = append(others, p.Source.On[key])
	}
	var joined, single bool
	// Each pair of columns is written as one word, so that order is no matter.
	err := s.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = $1 AND k.confrelid = $2 AND k.contype = 'f' AND k.convalidated AND NOT k.condeferrable
			AND (SELECT array_agg(format('%I %I', a.attname, b.attname) ORDER BY format('%I %I', a.attname, b.attname)) FROM unnest(k.conkey, k.confkey) AS n(ours, theirs)
				JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.ours JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = n.theirs)
				= (SELECT array_agg(format('%I %I', o, t) ORDER BY format('%I %I', o, t)) FROM unnest($3::text[], $4::text[]) AS w(o, t))),
		EXISTS (SELECT FROM pg_index x WHERE x.indrelid = $1 AND x.indisunique AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
			AND (SELECT bool_and(a.attname = ANY ($3::text[])) FROM unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) AS n(number) JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = n.number))`,
		p.table.oid, p.source.oid, keys, others).Scan(&joined, &single)
	if err != nil {
		return nil, fmt.Errorf("looking for what joins %s and %s: %w", p.Table, p.Source.Table, err)
	}
	var problems []string
	if !joined {
		problems = append(problems, fmt.Sprintf("no validated foreign key of %s (%s) references %s (%s); without one, rows could be written that neither side sees; create it in a change before this one",
			p.Table, strings.Join(keys, ", "), p.Source.Table, strings.Join(others, ", ")))
	}
	if !single && p.Source.Down != "" {
		problems = append(problems, fmt.Sprintf("several rows of %s may have the same source, so that `down` would not know which of them to take; make (%s) unique, or leave `down` out",
			p.Table, strings.Join(keys, ", ")))
	}
	return problems, nil
}
