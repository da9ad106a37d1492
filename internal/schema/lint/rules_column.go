package lint

import "fmt"

// columnRules are about adding, changing and removing columns.
var columnRules = []Rule{
	{
		ID: "ban-drop-column", Severity: Danger,
		Reason:  "code that still reads or writes the column fails at once, and what was in it cannot be brought back",
		SafeWay: "stop using it first, release, and drop it when no version that knows it can come back (contract)",
		Bad:     "ALTER TABLE users DROP COLUMN nick;",
		Good:    "ALTER TABLE users ALTER COLUMN nick DROP DEFAULT;",
		check:   onColumn("AT_DropColumn"),
	},
	{
		ID: "adding-required-field", Severity: Danger,
		Reason:  "a NOT NULL column without a default fails on a table with rows, and afterwards every INSERT of the old code fails",
		SafeWay: "add it without NOT NULL, or with a constant default; fill it, and set NOT NULL when no old code writes any more",
		Bad:     "ALTER TABLE users ADD COLUMN email text NOT NULL;",
		Good:    "ALTER TABLE users ADD COLUMN email text NOT NULL DEFAULT '';",
		check: onAdded(func(c *columnDef) string {
			own := c.has("CONSTR_DEFAULT") || c.has("CONSTR_IDENTITY") || c.has("CONSTR_GENERATED") || c.serial()
			if own || !c.has("CONSTR_NOTNULL") && !c.has("CONSTR_PRIMARY") {
				return ""
			}
			return "required"
		}),
	},
	{
		ID: "adding-auto-increment-column", Severity: Danger, small: Note,
		Reason:  "the table is rewritten with a number for every row while nobody can read it",
		SafeWay: "add a plain column, fill it in batches, then give it the sequence as its default; or make a new table",
		Bad:     "ALTER TABLE events ADD COLUMN id bigserial;",
		Good:    "ALTER TABLE events ADD COLUMN id bigint;",
		check: onAdded(func(c *columnDef) string {
			if c.serial() || c.has("CONSTR_IDENTITY") {
				return "numbered"
			}
			return ""
		}),
	},
	{
		ID: "adding-generated-column", Severity: Danger, small: Note,
		Reason:  "a stored generated column rewrites the table while nobody can read it",
		SafeWay: "add a plain column and fill it by a trigger and in batches, or compute it in a view",
		Bad:     "ALTER TABLE users ADD COLUMN lower_name text GENERATED ALWAYS AS (lower(name)) STORED;",
		Good:    "ALTER TABLE users ADD COLUMN lower_name text;",
		check: onAdded(func(c *columnDef) string {
			if c.has("CONSTR_GENERATED") {
				return "generated"
			}
			return ""
		}),
	},
	{
		ID: "json-column", Severity: Care,
		Reason:  "json has no equality operator, so SELECT DISTINCT and GROUP BY of the code that runs fail with such a column",
		SafeWay: "use jsonb",
		Bad:     "ALTER TABLE users ADD COLUMN settings json;",
		Good:    "ALTER TABLE users ADD COLUMN settings jsonb;",
		check: onAdded(func(c *columnDef) string {
			if c.Type.String() == "json" {
				return "json"
			}
			return ""
		}),
	},
	{
		ID: "changing-column-type", Severity: Danger, small: Care,
		Reason:  "the table and its indexes are rewritten while nobody can read it, and old code meets a type it does not know",
		SafeWay: "add a column of the new type, keep both in step, fill it in batches, switch the code, drop the old one later",
		Bad:     "ALTER TABLE users ALTER COLUMN id TYPE bigint;",
		Good:    "ALTER TABLE users ADD COLUMN id_wide bigint;",
		check:   changesType,
	},
	{
		ID: "adding-not-null-field", Severity: Danger, small: Care,
		Reason:  "SET NOT NULL reads the whole table while nobody can use it, and old code that writes NULL fails",
		SafeWay: "ADD CONSTRAINT … CHECK (column IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT in another transaction, then SET NOT NULL",
		Bad:     "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
		Good: "ALTER TABLE users ADD CONSTRAINT email_there CHECK (email IS NOT NULL) NOT VALID;\n" +
			"ALTER TABLE users VALIDATE CONSTRAINT email_there;\nALTER TABLE users ALTER COLUMN email SET NOT NULL;",
		check: setsNotNull,
	},
	{
		ID: "ban-drop-not-null", Severity: Care,
		Reason:  "old code that reads the column may not expect NULL, and new code may write it as long as both run",
		SafeWay: "make sure that the old code can read NULL there, or that the new code writes none before the old one has gone",
		Bad:     "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
		Good:    "ALTER TABLE users ALTER COLUMN email SET DEFAULT '';",
		check:   onColumn("AT_DropNotNull"),
	},
	{
		ID: "renaming-column", Severity: Danger,
		Reason:  "old code asks for the old name, new code for the new one: one of them fails as long as both run",
		SafeWay: "add a column of the new name, keep both in step, fill it, switch the code, drop the old one later",
		Bad:     "ALTER TABLE users RENAME COLUMN nick TO name;",
		Good:    "ALTER TABLE users ADD COLUMN name text;",
		check: func(s *statement) []hit {
			r := s.Rename
			if r == nil || r.Kind != "OBJECT_COLUMN" || !s.script.used(r.Table) {
				return nil
			}
			return []hit{{at: r.Table.At, what: fmt.Sprintf("%s.%s", r.Table, r.Old), table: r.Table}}
		},
	},
	{
		ID: "dependent-object", Severity: Danger,
		Reason:  "what hangs on it forbids the change, or goes with it by CASCADE",
		SafeWay: "drop and make it anew in the same transaction, or move it to the new column first",
		Bad:     "ALTER TABLE users DROP COLUMN nick;",
		Good:    "ALTER TABLE users DROP COLUMN unseen;",
		Facts: Facts{Tables: []Table{{Schema: "public", Name: "users", Rows: -1,
			Dependents: []Dependent{{Kind: "view", Name: "public.active_users", Column: "nick"}}}}},
		check: breaksDependents,
	},
}

// onColumn finds one kind of command on tables in use.
func onColumn(kind string) func(*statement) []hit {
	return func(s *statement) []hit {
		var hits []hit
		for _, c := range s.usedCommands() {
			if c.Kind == kind {
				hits = append(hits, s.onColumn(c))
			}
		}
		return hits
	}
}

func (s *statement) onColumn(c *alterCommand) hit {
	t := s.AlterTable.Table
	return hit{at: t.At, what: fmt.Sprintf("%s.%s", t, c.Column), table: t}
}

// onAdded finds columns added to tables in use of which judge says something.
func onAdded(judge func(*columnDef) string) func(*statement) []hit {
	return func(s *statement) []hit {
		var hits []hit
		for _, c := range s.usedCommands() {
			if c.Kind == "AT_AddColumn" && c.Def.ColumnDef != nil && judge(c.Def.ColumnDef) != "" {
				t := s.AlterTable.Table
				hits = append(hits, hit{at: c.Def.ColumnDef.At, what: fmt.Sprintf("%s.%s", t, c.Def.ColumnDef.Name), table: t})
			}
		}
		return hits
	}
}

func (c *columnDef) has(kind string) bool {
	for _, n := range c.Constraints {
		if n.Constraint != nil && n.Constraint.Kind == kind {
			return true
		}
	}
	return false
}

func (c *columnDef) serial() bool {
	switch c.Type.String() {
	case "serial", "bigserial", "smallserial", "serial2", "serial4", "serial8":
		return true
	}
	return false
}

func changesType(s *statement) []hit {
	var hits []hit
	for _, c := range s.usedCommands() {
		if c.Kind != "AT_AlterColumnType" || c.Def.ColumnDef == nil {
			continue
		}
		known := s.script.facts.column(s.AlterTable.Table, c.Column)
		if known != nil && widens(known.Type, c.Def.ColumnDef.Type.String()) {
			continue
		}
		hits = append(hits, s.onColumn(c))
	}
	return hits
}

func setsNotNull(s *statement) []hit {
	var hits []hit
	for _, c := range s.usedCommands() {
		if c.Kind != "AT_SetNotNull" {
			continue
		}
		known := s.script.facts.column(s.AlterTable.Table, c.Column)
		if s.script.checked[key(s.AlterTable.Table)+"."+c.Column] || known != nil && (known.NotNull || known.Checked) {
			continue
		}
		hits = append(hits, s.onColumn(c))
	}
	return hits
}

func breaksDependents(s *statement) []hit {
	var hits []hit
	for _, c := range s.usedCommands() {
		if c.Kind != "AT_DropColumn" && c.Kind != "AT_AlterColumnType" {
			continue
		}
		if names := s.script.facts.dependents(s.AlterTable.Table, c.Column); names != "" {
			h := s.onColumn(c)
			h.what += ", on which hangs " + names
			hits = append(hits, h)
		}
	}
	if s.Drop != nil && s.Drop.Kind == "OBJECT_TABLE" {
		for _, t := range droppedAll(s.Drop.Objects) {
			if names := s.script.facts.dependents(t, ""); names != "" {
				hits = append(hits, hit{at: t.At, what: t.String() + ", on which hangs " + names, table: t})
			}
		}
	}
	return hits
}
