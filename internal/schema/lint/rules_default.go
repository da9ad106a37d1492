package lint

import "fmt"

// defaultRules are about the defaults of columns.
var defaultRules = []Rule{
	{
		ID: "adding-field-with-default", Severity: Danger, small: Note,
		Reason:  "the default may differ from row to row, so the table is rewritten while nobody can read it",
		SafeWay: "add the column without a default, then SET DEFAULT, then fill the rows there are in batches",
		Bad:     "ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();",
		Good:    "ALTER TABLE users ADD COLUMN token uuid;\nALTER TABLE users ALTER COLUMN token SET DEFAULT gen_random_uuid();\nALTER TABLE users ADD COLUMN seen timestamptz DEFAULT now();",
		check: onAdded(func(c *columnDef) string {
			for _, n := range c.Constraints {
				if n.Constraint != nil && n.Constraint.Kind == "CONSTR_DEFAULT" {
					return volatile(n.Constraint.Expr)
				}
			}
			return ""
		}),
	},
	{
		ID: "dropping-default", Severity: Care,
		Reason:  "old code that leaves the column out of its INSERT writes NULL from now on, or fails if it is NOT NULL",
		SafeWay: "drop the default when no code leaves the column out any more",
		Bad:     "ALTER TABLE users ALTER COLUMN state DROP DEFAULT;",
		Good:    "ALTER TABLE users ALTER COLUMN state SET DEFAULT 'new';",
		check: func(s *statement) []hit {
			var hits []hit
			for _, c := range s.usedCommands() {
				if c.Kind == "AT_ColumnDefault" && c.Def == (node{}) {
					t := s.AlterTable.Table
					if known := s.script.facts.column(t, c.Column); known != nil && known.Default == "" {
						continue
					}
					hits = append(hits, hit{at: t.At, what: fmt.Sprintf("%s.%s", t, c.Column), table: t})
				}
			}
			return hits
		},
	},
}
