package postgres

import (
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// createTrigger returns the statements that make the pair's trigger. Who
// writes is told by which column changes, never by a setting of the client.
// The guard lets only the backfill pass.
func (s *session) createTrigger(p pair) []string {
	function := "cutover." + schema.Quote(p.trigger)
	events := "INSERT"
	if len(p.New) > 0 && len(p.Old) > 0 {
		events += " OR UPDATE" + p.updateOf()
	}
	return []string{
		fmt.Sprintf("CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SET search_path = %s, public, pg_temp AS %s",
			function, schema.Quote(s.namespace()), schema.Literal(p.body())),
		fmt.Sprintf("DROP TRIGGER IF EXISTS %s ON %s", schema.Quote(p.trigger), s.name(p.Table)),
		fmt.Sprintf("CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW WHEN (current_setting('cutover.backfill', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION %s()",
			schema.Quote(p.trigger), events, s.name(p.Table), function),
	}
}

// updateOf keeps updates of other columns from entering the trigger. Where
// users have triggers of their own, these may change a column the statement
// does not name, so that every update has to be looked at.
func (p pair) updateOf() string {
	if p.table.before {
		return ""
	}
	var list []string
	for _, o := range p.Old {
		list = append(list, schema.Quote(o.Name))
	}
	for _, n := range p.New {
		list = append(list, schema.Quote(n.Physical))
	}
	return " OF " + strings.Join(list, ", ")
}

// dropTrigger returns the statements that remove it.
func (s *session) dropTrigger(p pair) []string {
	return []string{
		fmt.Sprintf("DROP TRIGGER IF EXISTS %s ON %s", schema.Quote(p.trigger), s.name(p.Table)),
		fmt.Sprintf("DROP FUNCTION IF EXISTS cutover.%s()", schema.Quote(p.trigger)),
	}
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
		by_new := NOT ` + p.empty("NEW") + `;
		by_old := NOT by_new;
	ELSE
		by_new := ` + p.newChanged() + `;
		by_old := ` + p.oldChanged() + `;
	END IF;
	IF by_new THEN
		IF TG_OP = 'UPDATE' THEN
			IF ` + p.empty("OLD") + ` THEN
				` + p.fill("OLD", true) + `
			END IF;
		END IF;
		` + p.derive(false) + `
	ELSIF by_old THEN
		` + p.fill("NEW", false) + `
	END IF;
	RETURN NEW;
END`
}

// fill sets the new columns from the old shape of row; with onlyNull, those a
// writer has left out.
func (p pair) fill(row string, onlyNull bool) string {
	var out strings.Builder
	for _, n := range p.New {
		column := "NEW." + schema.Quote(n.Physical)
		set := fmt.Sprintf("%s := %s;\n", column, p.up(n, row))
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
