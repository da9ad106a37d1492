package postgres

import (
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// createTable returns the statements of a create_table.
func (s *session) createTable(o schema.CreateTable) []string {
	sql := []string{fmt.Sprintf("CREATE TABLE %s (%s)", s.name(o.Name), s.tableBody(o, true))}
	if o.Comment != nil {
		sql = append(sql, fmt.Sprintf("COMMENT ON TABLE %s IS %s", s.name(o.Name), schema.Literal(*o.Comment)))
	}
	for _, c := range o.Columns {
		if c.Comment != nil {
			sql = append(sql, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", s.name(o.Name), schema.Quote(c.Name), schema.Literal(*c.Comment)))
		}
	}
	return sql
}

// tableBody lists columns and constraints; without foreign keys it locks no
// other table.
func (s *session) tableBody(o schema.CreateTable, keys bool) string {
	var lines, primary []string
	for _, c := range o.Columns {
		if !keys {
			c.References = nil
		}
		lines = append(lines, s.definition(c))
		if c.Pk {
			primary = append(primary, schema.Quote(c.Name))
		}
	}
	if len(primary) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(primary, ", ")+")")
	}
	for _, c := range o.Constraints {
		if keys || c.Type != "foreign_key" {
			lines = append(lines, "CONSTRAINT "+schema.Quote(c.Name)+" "+s.constraintSQL(c, names{}))
		}
	}
	return strings.Join(lines, ", ")
}

// definition returns a column as it stands in CREATE TABLE.
func (s *session) definition(c schema.Column) string {
	sql := schema.Quote(c.Name) + " " + c.Type
	if c.Default != nil {
		sql += " DEFAULT " + *c.Default
	}
	if g := c.Generated; g != nil {
		sql += " " + generated(*g)
	}
	if !c.Nullable && !c.Pk {
		sql += " NOT NULL"
	}
	if c.Unique {
		sql += " UNIQUE"
	}
	if c.Check != nil {
		sql += fmt.Sprintf(" CONSTRAINT %s CHECK (%s\n)", schema.Quote(c.Check.Name), c.Check.Constraint) + word(c.Check.NoInherit, " NO INHERIT")
	}
	if r := c.References; r != nil {
		sql += " CONSTRAINT " + schema.Quote(r.Name) + " " + s.references(*r)
	}
	return sql
}

// generated says how the database makes a column's values.
func generated(g schema.Generated) string {
	if g.Identity == nil {
		return "GENERATED ALWAYS AS (" + g.Expression + "\n) STORED"
	}
	how := g.Identity.UserSpecifiedValues
	if how == "" {
		how = "ALWAYS"
	}
	sql := "GENERATED " + how + " AS IDENTITY"
	if g.Identity.SequenceOptions != "" {
		sql += " (" + g.Identity.SequenceOptions + ")"
	}
	return sql
}

// references is a foreign key of one column.
func (s *session) references(r schema.References) string {
	return fmt.Sprintf("REFERENCES %s (%s)", s.name(r.Table), schema.Quote(r.Column)) +
		word(r.MatchType != "", " MATCH "+r.MatchType) + actions(r.OnDelete, r.OnUpdate) + deferral(r.Deferrable, r.InitiallyDeferred)
}

// constraintSQL is what follows a constraint's name, over the columns as they
// are called in the table.
func (s *session) constraintSQL(c schema.Constraint, n names) string {
	switch c.Type {
	case "check":
		return "CHECK (" + n.in(c.Check) + "\n)" + word(c.NoInherit, " NO INHERIT")
	case "foreign_key":
		r := *c.References
		sql := fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s", n.list(c.Columns), s.name(r.Table)) + word(len(r.Columns) > 0, " ("+quoted(r.Columns)+")") +
			word(r.MatchType != "", " MATCH "+r.MatchType) + actions(r.OnDelete, r.OnUpdate)
		if len(r.OnDeleteSetColumns) > 0 {
			sql = strings.Replace(sql, " ON DELETE "+r.OnDelete, " ON DELETE "+r.OnDelete+" ("+n.list(r.OnDeleteSetColumns)+")", 1)
		}
		return sql + deferral(c.Deferrable, c.InitiallyDeferred)
	case "exclude":
		method := c.Exclude.IndexMethod
		if method == "" {
			method = "gist"
		}
		return "EXCLUDE USING " + method + " (" + n.in(c.Exclude.Elements) + ")" + indexParameters(c, n) +
			word(c.Exclude.Predicate != "", " WHERE ("+n.in(c.Exclude.Predicate)+"\n)") + deferral(c.Deferrable, c.InitiallyDeferred)
	case "primary_key":
		return "PRIMARY KEY (" + n.list(c.Columns) + ")" + indexParameters(c, n) + deferral(c.Deferrable, c.InitiallyDeferred)
	}
	return "UNIQUE" + word(c.NullsNotDistinct, " NULLS NOT DISTINCT") + " (" + n.list(c.Columns) + ")" + indexParameters(c, n) + deferral(c.Deferrable, c.InitiallyDeferred)
}

// indexParameters are those of the index behind a constraint, as they stand
// in the constraint.
func indexParameters(c schema.Constraint, n names) string {
	p := c.IndexParameters
	if p == nil {
		return ""
	}
	return word(len(p.IncludeColumns) > 0, " INCLUDE ("+n.list(p.IncludeColumns)+")") + word(p.StorageParameters != "", " WITH ("+p.StorageParameters+")") +
		word(p.Tablespace != "", " USING INDEX TABLESPACE "+schema.Quote(p.Tablespace))
}

func actions(onDelete, onUpdate string) string {
	return word(onDelete != "", " ON DELETE "+onDelete) + word(onUpdate != "", " ON UPDATE "+onUpdate)
}

func deferral(deferrable, deferred bool) string {
	return word(deferrable, " DEFERRABLE") + word(deferred, " INITIALLY DEFERRED")
}

// word returns text if it is to be said.
func word(say bool, text string) string {
	if say {
		return text
	}
	return ""
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = schema.Quote(n)
	}
	return strings.Join(list, ", ")
}
