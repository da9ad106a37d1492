package sqlite

import (
	"fmt"
	"regexp"

	"cutover/internal/schema"
)

// unsupported says what SQLite has no way to do for an operation, and what to
// write instead.
func unsupported(op schema.Operation) []string {
	switch o := op.(type) {
	case schema.AddColumn:
		return columnProblems(o.Column)
	case schema.Split:
		var problems []string
		for _, part := range o.Into {
			problems = append(problems, columnProblems(part.Column)...)
		}
		return problems
	case schema.Merge:
		return columnProblems(o.Into)
	case schema.AlterColumn:
		return alterProblems(o)
	case schema.CreateTable:
		var problems []string
		if o.Comment != nil {
			problems = append(problems, "SQLite keeps no comments; write it into this file as one")
		}
		for _, c := range o.Columns {
			problems = append(problems, columnProblems(c)...)
		}
		return problems
	case schema.CreateIndex:
		return indexProblems(o)
	case schema.CreateConstraint:
		if len(o.Up)+len(o.Down) > 0 {
			return []string{ownName("a constraint whose `up` changes values")}
		}
		if o.Type != "check" && o.Type != "unique" {
			return []string{fmt.Sprintf("SQLite cannot add a constraint of the type %s to a table that exists; give the column a new name with alter_column, `as` and `references`, which adds one with it", o.Type)}
		}
	case schema.RenameTable:
		return []string{"a table has one name in SQLite, and a view cannot stand for it: inserts that return their row, upserts and last_insert_rowid do not work through one; keep the name"}
	case schema.DropConstraint:
		if o.Up != "" || o.Down != "" {
			return []string{ownName("a constraint that is dropped with `up` or `down`")}
		}
	case schema.RenameColumn, schema.DropColumn, schema.DropIndex, schema.DropTable, schema.SQL:
	default:
		return []string{"SQLite has nothing that corresponds to " + op.Kind() + "; leave it out, or say what is meant with sql"}
	}
	return nil
}

// ownName says what stands in for a second column under the same name.
func ownName(what string) string {
	return what + " needs another column under the same name, which SQLite cannot show to new code; give that one a name of its own with alter_column and `as`"
}

func alterProblems(o schema.AlterColumn) []string {
	var problems []string
	if o.As == "" {
		problems = append(problems, "new code cannot have another column under the same name in SQLite; give the new one a name of its own with `as`")
	}
	if o.Comment != nil {
		problems = append(problems, "SQLite keeps no comments; write it into this file as one")
	}
	return problems
}

// counters are PostgreSQL's types that number rows by themselves.
var counters = regexp.MustCompile(`(?i)^(small|big)?serial[248]?$`)

func columnProblems(c schema.Column) []string {
	var problems []string
	if c.Comment != nil {
		problems = append(problems, "SQLite keeps no comments; write the one on "+c.Name+" into this file")
	}
	if c.Generated != nil {
		problems = append(problems, "a generated column cannot be added to a table in SQLite while it is used; add a plain one with `up`")
	}
	if counters.MatchString(c.Type) {
		problems = append(problems, fmt.Sprintf("the type %s of %s does not number rows in SQLite; write integer, with pk", c.Type, c.Name))
	}
	return problems
}

func indexProblems(o schema.CreateIndex) []string {
	var problems []string
	if o.Method != "" && o.Method != "btree" {
		problems = append(problems, "SQLite has no indexes by "+o.Method)
	}
	if o.StorageParameters != "" {
		problems = append(problems, "SQLite has no storage parameters")
	}
	for _, c := range o.Columns {
		if c.Opclass.Name != "" || c.Nulls != "" {
			problems = append(problems, "SQLite's indexes have no operator classes, and NULLS FIRST always; leave both out for "+c.Column)
		}
	}
	return problems
}
