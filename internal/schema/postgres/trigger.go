package postgres

import (
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// createTrigger returns the statements that make the pair's triggers. Who
// writes is told by which column changes, never by a setting of the client,
// and told before any program is entered. The guard lets only the backfill
// pass. While filling, an update of any column also fills its row: the row
// may move to a page the backfill has left behind.
func (s *session) createTrigger(p pair, filling bool) []string {
	sql := append(s.dropTrigger(p), fmt.Sprintf("CREATE FUNCTION cutover.%s() RETURNS trigger LANGUAGE plpgsql%s SET search_path = %s, public, pg_temp AS %s",
		schema.Quote(p.trigger), p.rights(), schema.Quote(s.namespace()), schema.Literal(p.body())), s.trigger(p, "insert", "true", ""))
	var when []string
	if filling && len(p.New) > 0 {
		when = append(when, p.empty("OLD"))
	}
	if len(p.New) > 0 && len(p.Old) > 0 {
		when = append(when, p.newChanged(), p.oldChanged())
	}
	if len(when) > 0 {
		argument := ""
		if filling {
			argument = "'filling'"
		}
		sql = append(sql, s.trigger(p, "update", strings.Join(when, " OR "), argument))
	}
	return append(sql, s.createCross(p)...)
}

// rights lets a program that works in another table do so for everybody who
// may write to its own.
func (p pair) rights() string { return word(p.Source != nil, " SECURITY DEFINER") }

func (s *session) trigger(p pair, event, when, argument string) string {
	return fmt.Sprintf("CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW WHEN (current_setting('cutover.backfill', true) IS DISTINCT FROM 'on' AND (%s)) EXECUTE FUNCTION cutover.%s(%s)",
		schema.Quote(p.triggerOn(event)), event, s.name(p.Table), when, schema.Quote(p.trigger), argument)
}

// triggerOn names the trigger of an event.
func (p pair) triggerOn(event string) string { return schema.Name(p.trigger, event) }

// dropTrigger returns the statements that remove them.
func (s *session) dropTrigger(p pair) []string {
	return append(s.dropCross(p),
		fmt.Sprintf("DROP TRIGGER IF EXISTS %s ON %s", schema.Quote(p.triggerOn("insert")), s.name(p.Table)),
		fmt.Sprintf("DROP TRIGGER IF EXISTS %s ON %s", schema.Quote(p.triggerOn("update")), s.name(p.Table)),
		fmt.Sprintf("DROP FUNCTION IF EXISTS cutover.%s()", schema.Quote(p.trigger)))
}

// body returns the trigger's program.
func (p pair) body() string {
	switch {
	case len(p.Old) == 0:
		return "#variable_conflict use_column\nBEGIN\n" + p.fill("NEW", true) + "RETURN NEW;\nEND"
	case len(p.New) == 0:
		return "#variable_conflict use_column\nBEGIN\n" + p.derive(true) + "RETURN NEW;\nEND"
	}
	return `#variable_conflict use_column
DECLARE
	by_new boolean;
	by_old boolean;
BEGIN
	IF TG_OP = 'INSERT' THEN
		by_new := NOT ` + p.empty("NEW") + p.newNulls() + `;
		by_old := NOT by_new;
	ELSE
		by_new := ` + p.newChanged() + `;
		by_old := ` + p.oldChanged() + `;
	END IF;
	IF by_new THEN
		IF TG_OP = 'UPDATE' AND TG_NARGS > 0 THEN
			IF ` + p.empty("OLD") + ` THEN
				` + p.fill("OLD", true) + `
			END IF;
		END IF;
		` + p.derive(false) + `
	ELSIF by_old OR TG_NARGS > 0 THEN
		` + p.fill("NEW", false) + `
	END IF;
	RETURN NEW;
END`
}

// newNulls is true, where only the new shape takes nulls, for a row without
// any value: old code could not have written it.
func (p pair) newNulls() string {
	for _, n := range p.New {
		if p.notNull(n) {
			return ""
		}
	}
	out := ""
	for _, o := range p.Old {
		if old, _ := p.table.column(o.Name); old.notNull {
			out += " OR NEW." + schema.Quote(o.Name) + " IS NULL"
		}
	}
	return out
}

// fill sets the new columns from the old shape of row; with onlyNull, those a
// writer has left out.
func (p pair) fill(row string, onlyNull bool) string {
	var out strings.Builder
	for _, n := range p.New {
		column := "NEW." + schema.Quote(n.Physical)
		set := fmt.Sprintf("%s := %s;\n", column, p.writing(n, row))
		if onlyNull {
			set = fmt.Sprintf("IF %s IS NULL THEN %s END IF;\n", column, set)
		}
		out.WriteString(set)
	}
	return out.String()
}

// derive sets the old columns from the new shape; with onlyNull, those a
// writer has left out.
func (p pair) derive(onlyNull bool) string {
	var out strings.Builder
	for _, o := range p.Old {
		column := "NEW." + schema.Quote(o.Name)
		set := fmt.Sprintf("%s := %s;\n", column, p.down(o, "NEW"))
		if onlyNull {
			set = fmt.Sprintf("IF %s IS NULL THEN %s END IF;\n", column, set)
		}
		out.WriteString(set)
	}
	return out.String()
}

func (p pair) newChanged() string {
	return p.each("OR", func(column string, n schema.NewColumn) string {
		return differ(column, "OLD."+schema.Quote(n.Physical), p.typeOf[n.Physical])
	}, "NEW")
}

func (p pair) oldChanged() string {
	var list []string
	for _, o := range p.Old {
		old, _ := p.table.column(o.Name)
		list = append(list, differ("NEW."+schema.Quote(o.Name), "OLD."+schema.Quote(o.Name), old.typ))
	}
	return "(" + strings.Join(list, " OR ") + ")"
}
