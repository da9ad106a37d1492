package catalogue

import (
	"regexp"
	"strings"

	"cutover/internal/schema/lint"
)

// neverNull matches the definition of a constraint that says no more than
// that one column is never null.
var neverNull = regexp.MustCompile(`^CHECK \(\(("(?:[^"]|"")+"|[^\s"()]+) IS NOT NULL\)\)$`)

// Facts returns what the linter asks about a database. Whether a session has
// a budget of locks, and whether all runs in one transaction, is not in a
// catalogue: the caller adds it.
func (c Catalogue) Facts() lint.Facts {
	facts := lint.Facts{Server: c.Server / 10000, Tables: []lint.Table{}}
	for _, t := range c.Tables {
		if !t.Stored() {
			continue
		}
		facts.Tables = append(facts.Tables, t.facts())
	}
	return facts
}

func (t Table) facts() lint.Table {
	out := lint.Table{Schema: t.Schema, Name: t.Name, Rows: t.Rows, Bytes: t.Bytes, Partitioned: t.Kind == "partitioned table"}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, lint.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Checked: t.checked(c.Name), Default: c.Default})
	}
	for _, i := range t.Indexes {
		out.Indexes = append(out.Indexes, lint.Index{Name: i.Name, Unique: i.Unique})
	}
	for _, d := range t.Dependents {
		out.Dependents = append(out.Dependents, lint.Dependent{Kind: d.Kind, Name: d.Name, Column: d.Column})
	}
	return out
}

// checked reports whether a validated constraint proves that the column is
// never null.
func (t Table) checked(column string) bool {
	for _, k := range t.Constraints {
		m := neverNull.FindStringSubmatch(k.Definition)
		if k.Kind == "check" && k.Validated && m != nil && strings.ReplaceAll(strings.Trim(m[1], `"`), `""`, `"`) == column {
			return true
		}
	}
	return false
}
