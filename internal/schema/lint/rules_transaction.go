package lint

import (
	"slices"
	"strings"
)

// transactionRules are about how long locks are waited for and held.
var transactionRules = []Rule{
	{
		ID: "require-timeout-settings", Severity: Danger,
		Reason:  "while the statement waits for its lock, every query of the users queues behind it, for as long as it takes",
		SafeWay: "SET lock_timeout and SET statement_timeout before it, and try again when it fails",
		Bad:     "ALTER TABLE users ADD COLUMN email text;",
		Good:    "SET lock_timeout = '1s';\nSET statement_timeout = '10s';\nALTER TABLE users ADD COLUMN email text;",
		check:   waitsForEver,
	},
	{
		ID: "locks-held-together", Severity: Danger,
		Reason:  "the transaction keeps users out of several tables at once until its end, and can deadlock with them",
		SafeWay: "commit after each table",
		Bad:     "BEGIN;\nALTER TABLE users ADD COLUMN a int;\nALTER TABLE orders ADD COLUMN b int;\nCOMMIT;",
		Good:    "ALTER TABLE users ADD COLUMN a int;\nALTER TABLE orders ADD COLUMN b int;",
		check: func(s *statement) []hit {
			for _, r := range s.exclusive() {
				if len(s.script.locked) > 0 && !s.script.locked[key(r)] {
					return []hit{{at: r.At, what: r.String() + " besides " + strings.Join(s.lockedTables(), ", "), table: r}}
				}
			}
			return nil
		},
	},
	{
		ID: "locking-table", Severity: Care,
		Reason:  "users wait until the transaction ends",
		SafeWay: "let the statements take the locks they need, one table at a time",
		Bad:     "BEGIN;\nLOCK TABLE users;\nCOMMIT;",
		Good:    "BEGIN;\nLOCK TABLE users IN ACCESS SHARE MODE;\nCOMMIT;",
		check: func(s *statement) []hit {
			// From SHARE up, writers wait.
			if s.Lock == nil || s.Lock.Mode < 5 {
				return nil
			}
			return s.usedOf(tables(s.Lock.Tables))
		},
	},
	{
		ID: "transaction-nesting", Severity: Danger,
		Reason:  "PostgreSQL has one transaction at a time: a second BEGIN does nothing, and the first COMMIT ends all",
		SafeWay: "leave BEGIN and COMMIT to the program that runs the file, or write each of them once",
		Bad:     "BEGIN;\nBEGIN;\nSELECT 1;\nCOMMIT;",
		Good:    "BEGIN;\nSAVEPOINT here;\nSELECT 1;\nRELEASE here;\nCOMMIT;",
		check: func(s *statement) []hit {
			if s.Transaction == nil {
				return nil
			}
			switch s.Transaction.Kind {
			case "TRANS_STMT_BEGIN", "TRANS_STMT_START":
				if s.script.inTransaction() {
					return []hit{{at: s.at, what: "a transaction is open already"}}
				}
			case "TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK":
				if !s.script.explicit {
					return []hit{{at: s.at, what: "no BEGIN of this file is open"}}
				}
			}
			return nil
		},
	},
	{
		ID: "ban-uncommitted-transaction", Severity: Danger,
		Reason:  "the file ends before its transaction does: all of it is taken back, or its locks stay",
		SafeWay: "end the file with COMMIT",
		Bad:     "BEGIN;\nSELECT 1;",
		Good:    "BEGIN;\nSELECT 1;\nCOMMIT;",
		check: func(s *statement) []hit {
			begins := s.Transaction != nil && (s.Transaction.Kind == "TRANS_STMT_BEGIN" || s.Transaction.Kind == "TRANS_STMT_START")
			ends := s.Transaction != nil && slices.Contains([]string{"TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_PREPARE"}, s.Transaction.Kind)
			if s.last && (begins || s.script.explicit && !ends) {
				return []hit{{at: s.at}}
			}
			return nil
		},
	},
	{
		ID: "prefer-robust-stmts", Severity: Note,
		Reason:  "outside of a transaction a failure leaves what came before it, and a second run then fails here",
		SafeWay: "say IF NOT EXISTS or IF EXISTS, or run the file in one transaction",
		Bad:     "CREATE TABLE a (n int);\nCREATE TABLE b (n int);",
		Good:    "BEGIN;\nCREATE TABLE a (n int);\nCREATE TABLE b (n int);\nCOMMIT;",
		check: func(s *statement) []hit {
			if s.script.inTransaction() || len(s.script.all) < 2 || !s.unrepeatable() {
				return nil
			}
			return []hit{{at: s.at}}
		},
	},
}

func waitsForEver(s *statement) []hit {
	sc := s.script
	if sc.warned || sc.facts.Budget || !s.waits() {
		return nil
	}
	var missing []string
	for _, name := range []string{"lock_timeout", "statement_timeout"} {
		if set, local := sc.local[name]; !(local && set) && (local || !sc.timeouts[name]) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	sc.warned = true
	return []hit{{at: s.at, what: "no " + strings.Join(missing, " and no ")}}
}

func (s *statement) lockedTables() []string {
	var list []string
	for name := range s.script.locked {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// unrepeatable reports whether a second run of the statement fails.
func (s *statement) unrepeatable() bool {
	switch {
	case s.CreateTable != nil:
		return !s.CreateTable.IfNot
	case s.Index != nil:
		return !s.Index.IfNot
	case s.Drop != nil:
		return !s.Drop.IfExists
	}
	for _, c := range s.commands() {
		if (c.Kind == "AT_AddColumn" || c.Kind == "AT_DropColumn" || c.Kind == "AT_DropConstraint") && !c.IfNot {
			return true
		}
	}
	return false
}
