package lint

// typeRules are about types, enumerations and domains.
var typeRules = []Rule{
	{
		ID: "ban-create-domain-with-constraint", Severity: Care,
		Reason:  "a constraint of a domain can later be changed only under locks on every table that uses it",
		SafeWay: "use the plain type, and a CHECK of the table",
		Bad:     "CREATE DOMAIN amount AS int CHECK (value > 0);",
		Good:    "CREATE DOMAIN amount AS int;",
		check: func(s *statement) []hit {
			if d := s.CreateDomain; d != nil && len(d.Constraints) > 0 {
				return []hit{{at: s.at, what: dotted(d.Name).String()}}
			}
			return nil
		},
	},
	{
		ID: "ban-alter-domain-with-add-constraint", Severity: Danger,
		Reason:  "every table that uses the domain is read while nobody can write to it",
		SafeWay: "add a CHECK … NOT VALID to the tables instead, and validate it",
		Bad:     "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0);",
		Good:    "ALTER DOMAIN amount DROP CONSTRAINT positive;",
		check: func(s *statement) []hit {
			d := s.AlterDomain
			if d == nil || d.Kind != "C" && d.Kind != "O" || s.script.made[key(dotted(d.Name))] {
				return nil
			}
			return []hit{{at: s.at, what: dotted(d.Name).String()}}
		},
	},
	{
		ID: "renaming-enum-value", Severity: Danger,
		Reason:  "old code writes and compares with the old value and fails",
		SafeWay: "add the new value, switch the code, move the rows; the old value may stay",
		Bad:     "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';",
		Good:    "ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok';",
		check: func(s *statement) []hit {
			if e := s.AlterEnum; e != nil && e.Old != "" && !s.script.made[key(dotted(e.Name))] {
				return []hit{{at: s.at, what: dotted(e.Name).String() + " " + e.Old}}
			}
			return nil
		},
	},
	{
		ID: "require-enum-value-ordering", Severity: Note,
		Reason:  "without BEFORE or AFTER the new value sorts last, which cannot be changed later",
		SafeWay: "say BEFORE or AFTER which value it belongs",
		Bad:     "ALTER TYPE mood ADD VALUE 'fine';",
		Good:    "ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok';",
		check: func(s *statement) []hit {
			if e := s.AlterEnum; e != nil && e.Old == "" && e.Neighbor == "" {
				return []hit{{at: s.at, what: dotted(e.Name).String() + " " + e.New}}
			}
			return nil
		},
	},
}
