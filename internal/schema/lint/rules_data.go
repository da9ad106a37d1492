package lint

// dataRules are about statements that write rows, and those nobody can judge.
var dataRules = []Rule{
	{
		ID: "backfill-in-ddl-transaction", Severity: Danger, small: Note,
		Reason:  "rows are written while the transaction keeps users out of a table, for as long as the writing takes",
		SafeWay: "change the table in one transaction, commit, and write the rows afterwards in batches",
		Bad:     "BEGIN;\nALTER TABLE users ADD COLUMN email text;\nUPDATE users SET email = name WHERE id < 100;\nCOMMIT;",
		Good:    "BEGIN;\nALTER TABLE users ADD COLUMN email text;\nCOMMIT;\nUPDATE users SET email = name WHERE id < 100;",
		check: func(s *statement) []hit {
			if t := s.written(); t != nil && s.script.inTransaction() && len(s.script.locked) > 0 {
				return []hit{{at: t.At, what: t.String(), table: t}}
			}
			return nil
		},
	},
	{
		ID: "unbatched-backfill", Severity: Danger, small: Note,
		Reason:  "all rows are locked until the statement ends, and the table can grow to twice its size",
		SafeWay: "write the rows in batches, each committed, with a pause between them",
		Bad:     "UPDATE users SET email = name || '@example.com';",
		Good:    "UPDATE users SET email = name || '@example.com' WHERE id BETWEEN 1 AND 1000;",
		check: func(s *statement) []hit {
			if u := s.Update; u != nil && len(u.Where) == 0 && s.script.used(u.Table) {
				return []hit{{at: u.Table.At, what: u.Table.String(), table: u.Table}}
			}
			return nil
		},
	},
	{
		ID: "opaque-block", Severity: Care,
		Reason:  "what a DO block does is decided when it runs: it was not judged",
		SafeWay: "write the statements out, or rehearse the migration on a copy",
		Bad:     "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$;",
		Good:    "ALTER TABLE users ADD COLUMN email text;",
		check: func(s *statement) []hit {
			if s.Do == nil {
				return nil
			}
			return []hit{{at: s.at}}
		},
	},
}

// written returns the table in use whose rows the statement writes, as far as
// these may be many; nil if none.
func (s *statement) written() *rangeVar {
	var t *rangeVar
	switch {
	case s.Update != nil:
		t = s.Update.Table
	case s.Delete != nil:
		t = s.Delete.Table
	case s.Insert != nil && s.Insert.From.Select != nil && len(s.Insert.From.Select.Values) == 0:
		t = s.Insert.Table
	}
	if !s.script.used(t) {
		return nil
	}
	return t
}
