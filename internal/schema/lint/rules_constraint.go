package lint

// constraintRules are about constraints of tables.
var constraintRules = []Rule{
	{
		ID: "adding-foreign-key-constraint", Severity: Danger, small: Care,
		Reason:  "all rows are checked while nobody can write to either of the two tables",
		SafeWay: "add it NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own",
		Bad:     "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);",
		Good:    "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT orders_user;",
		check:   onConstraint(func(c *constraint) bool { return c.Kind == "CONSTR_FOREIGN" && !c.NotValid }),
	},
	{
		ID: "constraint-missing-not-valid", Severity: Danger, small: Care,
		Reason:  "all rows are checked while nobody can use the table, and rows that old code goes on writing may not pass",
		SafeWay: "add it NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own; make sure that old code obeys it",
		Bad:     "ALTER TABLE orders ADD CONSTRAINT positive CHECK (amount > 0);",
		Good:    "ALTER TABLE orders ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT positive;",
		check:   onConstraint(func(c *constraint) bool { return c.Kind == "CONSTR_CHECK" && !c.NotValid }),
	},
	{
		ID: "validating-in-same-transaction", Severity: Danger, small: Note,
		Reason:  "the lock of ADD CONSTRAINT is held until the transaction ends, so the rows are checked under it after all",
		SafeWay: "commit between ADD CONSTRAINT … NOT VALID and VALIDATE CONSTRAINT",
		Bad:     "BEGIN;\nALTER TABLE orders ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT positive;\nCOMMIT;",
		Good:    "BEGIN;\nALTER TABLE orders ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID;\nCOMMIT;\nALTER TABLE orders VALIDATE CONSTRAINT positive;",
		check: func(s *statement) []hit {
			var hits []hit
			for _, c := range s.usedCommands() {
				if c.Kind == "AT_ValidateConstraint" && s.script.unvalidated[key(s.AlterTable.Table)+"."+c.Column] {
					hits = append(hits, s.onColumn(c))
				}
			}
			return hits
		},
	},
	{
		ID: "adding-primary-key-constraint", Severity: Danger, small: Note,
		Reason:  "its index is built, and the columns are checked for NULL, while nobody can use the table",
		SafeWay: "CREATE UNIQUE INDEX CONCURRENTLY, make the columns NOT NULL the safe way, then ADD PRIMARY KEY USING INDEX",
		Bad:     "ALTER TABLE events ADD PRIMARY KEY (id);",
		Good:    "CREATE UNIQUE INDEX CONCURRENTLY events_id ON events (id);\nALTER TABLE events ADD PRIMARY KEY USING INDEX events_id;",
		check:   onConstraint(func(c *constraint) bool { return c.Kind == "CONSTR_PRIMARY" && c.Using == "" }),
	},
	{
		ID: "disallow-unique-constraint", Severity: Danger, small: Care,
		Reason:  "its index is built while nobody can use the table, and old code may write values twice",
		SafeWay: "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX",
		Bad:     "ALTER TABLE users ADD CONSTRAINT one_email UNIQUE (email);",
		Good:    "CREATE UNIQUE INDEX CONCURRENTLY one_email ON users (email);\nALTER TABLE users ADD CONSTRAINT one_email UNIQUE USING INDEX one_email;",
		check:   onConstraint(func(c *constraint) bool { return c.Kind == "CONSTR_UNIQUE" && c.Using == "" }),
	},
	{
		ID: "adding-exclusion-constraint", Severity: Danger, small: Care,
		Reason:  "its index is built while nobody can use the table, and there is no way to build it concurrently",
		SafeWay: "make a new table with it, or check by a trigger; accept this if the table is small",
		Bad:     "ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&);",
		Good:    "CREATE TABLE bookings2 (room int, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&));",
		check:   onConstraint(func(c *constraint) bool { return c.Kind == "CONSTR_EXCLUSION" }),
	},
}

// onConstraint finds constraints that are added to tables in use, on their own
// or with a column.
func onConstraint(harmful func(*constraint) bool) func(*statement) []hit {
	return func(s *statement) []hit {
		var hits []hit
		for _, c := range s.usedCommands() {
			parts := []node{c.Def}
			if c.Kind == "AT_AddColumn" && c.Def.ColumnDef != nil {
				parts = c.Def.ColumnDef.Constraints
			}
			for _, p := range parts {
				if p.Constraint != nil && harmful(p.Constraint) {
					hits = append(hits, s.onConstraint(p.Constraint))
				}
			}
		}
		return hits
	}
}

func (s *statement) onConstraint(c *constraint) hit {
	t := s.AlterTable.Table
	what := t.String()
	if c.Name != "" {
		what += ", constraint " + c.Name
	}
	if c.Referenced != nil {
		what += ", which refers to " + c.Referenced.String()
	}
	return hit{at: c.At, what: what, table: t}
}
