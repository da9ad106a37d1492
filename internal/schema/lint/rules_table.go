package lint

import "strings"

// tableRules are about whole tables and what holds them.
var tableRules = []Rule{
	{
		ID: "ban-drop-table", Severity: Danger,
		Reason:  "code that still uses the table fails at once, and what was in it cannot be brought back",
		SafeWay: "stop using it first, release, and drop it when no version that knows it can come back (contract)",
		Bad:     "DROP TABLE old_users;",
		Good:    "CREATE TABLE draft (n int);\nDROP TABLE draft;",
		check: func(s *statement) []hit {
			if s.Drop == nil || s.Drop.Kind != "OBJECT_TABLE" {
				return nil
			}
			return s.usedOf(droppedAll(s.Drop.Objects))
		},
	},
	{
		ID: "drop-and-create-table", Severity: Danger,
		Reason:  "the table is dropped and made anew: its rows are gone, and running the file again loses them again",
		SafeWay: "change the table as it is, or make the new one beside it under another name",
		Bad:     "DROP TABLE IF EXISTS users;\nCREATE TABLE users (id bigint);",
		Good:    "CREATE TABLE IF NOT EXISTS users (id bigint);",
		check: func(s *statement) []hit {
			if c := s.CreateTable; c != nil && s.script.gone[key(c.Table)] {
				return []hit{{at: c.Table.At, what: c.Table.String(), table: c.Table}}
			}
			return nil
		},
	},
	{
		ID: "ban-drop-object", Severity: Danger,
		Reason:  "code that still uses it fails at once",
		SafeWay: "drop it when no version that uses it can come back (contract)",
		Bad:     "DROP FUNCTION price(int);",
		Good:    "CREATE OR REPLACE FUNCTION price(n int) RETURNS int LANGUAGE sql AS 'SELECT n';",
		check: func(s *statement) []hit {
			if s.Drop == nil {
				return nil
			}
			switch s.Drop.Kind {
			case "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_TYPE", "OBJECT_DOMAIN",
				"OBJECT_SEQUENCE", "OBJECT_SCHEMA", "OBJECT_EXTENSION", "OBJECT_FOREIGN_TABLE":
				return s.each(s.Drop.Objects)
			}
			return nil
		},
	},
	{
		ID: "ban-drop-database", Severity: Danger,
		Reason:  "everything in it is gone",
		SafeWay: "leave this to a person with a backup that was verified",
		Bad:     "DROP DATABASE shop;",
		Good:    "DROP TABLE IF EXISTS shop;",
		check: func(s *statement) []hit {
			if s.DropDatabase == nil {
				return nil
			}
			return []hit{{at: s.at, what: s.DropDatabase.Name}}
		},
	},
	{
		ID: "ban-truncate-cascade", Severity: Danger,
		Reason:  "every table that refers to it is emptied too, whether named or not",
		SafeWay: "name all tables that are to be emptied, without CASCADE",
		Bad:     "TRUNCATE users CASCADE;",
		Good:    "TRUNCATE users, orders;",
		check: func(s *statement) []hit {
			if s.Truncate == nil || s.Truncate.Behavior != "DROP_CASCADE" {
				return nil
			}
			return s.usedOf(tables(s.Truncate.Tables))
		},
	},
	{
		ID: "renaming-table", Severity: Danger,
		Reason:  "old code asks for the old name, new code for the new one: one of them fails as long as both run",
		SafeWay: "make a view of the new name, switch the code, rename when the old code has gone",
		Bad:     "ALTER TABLE users RENAME TO people;",
		Good:    "CREATE VIEW people AS SELECT * FROM users;",
		check: func(s *statement) []hit {
			if r := s.Rename; r != nil && r.Table != nil {
				switch r.Kind {
				case "OBJECT_TABLE":
					return s.usedOf([]*rangeVar{r.Table})
				case "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE":
					// The facts list tables only: that it is not among them says nothing.
					return s.notMade(r.Table)
				}
			}
			return nil
		},
	},
	{
		ID: "renaming-schema", Severity: Danger,
		Reason:  "old code asks for the old name, new code for the new one: one of them fails as long as both run",
		SafeWay: "make the new schema beside the old one, and move the code first",
		Bad:     "ALTER SCHEMA shop RENAME TO store;",
		Good:    "CREATE SCHEMA store;",
		check: func(s *statement) []hit {
			if r := s.Rename; r != nil && r.Kind == "OBJECT_SCHEMA" {
				return []hit{{at: s.at, what: r.Old}}
			}
			return nil
		},
	},
	{
		ID: "moving-table", Severity: Danger,
		Reason:  "old code looks for the table in its old schema and fails",
		SafeWay: "leave it where it is, and make a view in the other schema",
		Bad:     "ALTER TABLE users SET SCHEMA archive;",
		Good:    "CREATE VIEW archive.users AS SELECT * FROM users;",
		check: func(s *statement) []hit {
			if m := s.MoveObject; m != nil && m.Table != nil && s.script.used(m.Table) {
				return s.usedOf([]*rangeVar{m.Table})
			}
			return nil
		},
	},
	{
		ID: "rewriting-table", Severity: Danger, small: Note,
		Reason:  "the table is written anew while nobody can read it",
		SafeWay: "make a new table with that property, and move the rows in batches",
		Bad:     "ALTER TABLE users SET UNLOGGED;",
		Good:    "ALTER TABLE users SET (fillfactor = 80);",
		check: func(s *statement) []hit {
			var hits []hit
			for _, c := range s.usedCommands() {
				switch c.Kind {
				case "AT_SetUnLogged", "AT_SetLogged", "AT_SetTableSpace", "AT_SetAccessMethod":
					hits = append(hits, hit{at: s.AlterTable.Table.At, what: s.AlterTable.Table.String(), table: s.AlterTable.Table})
				}
			}
			return hits
		},
	},
	{
		ID: "prefer-repack", Severity: Danger, small: Note,
		Reason:  "the table is written anew while nobody can read it",
		SafeWay: "plain VACUUM, or pg_repack, which works beside the users",
		Bad:     "VACUUM FULL users;",
		Good:    "VACUUM users;",
		check:   compacts,
	},
	{
		ID: "require-concurrent-partition-detach", Severity: Danger,
		Reason:  "readers and writers of the whole partitioned table queue behind it",
		SafeWay: "DETACH PARTITION … CONCURRENTLY, outside of a transaction",
		Bad:     "ALTER TABLE logs DETACH PARTITION logs_2025;",
		Good:    "ALTER TABLE logs DETACH PARTITION logs_2025 CONCURRENTLY;",
		check: func(s *statement) []hit {
			var hits []hit
			for _, c := range s.usedCommands() {
				if p := c.Def.Partition; c.Kind == "AT_DetachPartition" && p != nil && !p.Concurrent {
					hits = append(hits, hit{at: p.Table.At, what: p.Table.String(), table: s.AlterTable.Table})
				}
			}
			return hits
		},
	},
	{
		ID: "attaching-partition", Severity: Care,
		Reason:  "unless a valid constraint proves its bounds, all rows of the partition are read while nobody can use it, and those of the default partition too",
		SafeWay: "add a CHECK of the bounds NOT VALID and validate it, then attach",
		Bad:     "ALTER TABLE logs ATTACH PARTITION logs_2026 FOR VALUES IN (2026);",
		Good:    "CREATE TABLE logs_2026 (year int);\nALTER TABLE logs ATTACH PARTITION logs_2026 FOR VALUES IN (2026);",
		check: func(s *statement) []hit {
			var hits []hit
			for _, c := range s.usedCommands() {
				if p := c.Def.Partition; c.Kind == "AT_AttachPartition" && p != nil && s.script.used(p.Table) {
					hits = append(hits, hit{at: p.Table.At, what: p.Table.String(), table: p.Table})
				}
			}
			return hits
		},
	},
	{
		ID: "refreshing-materialized-view", Severity: Care,
		Reason:  "nobody can read the view until it is worked out anew",
		SafeWay: "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index",
		Bad:     "REFRESH MATERIALIZED VIEW sales;",
		Good:    "REFRESH MATERIALIZED VIEW CONCURRENTLY sales;",
		check: func(s *statement) []hit {
			if r := s.Refresh; r != nil && !r.Concurrent {
				return s.notMade(r.Table)
			}
			return nil
		},
	},
	{
		ID: "identifier-too-long", Severity: Danger,
		Reason:  "PostgreSQL cuts names after 63 bytes without an error, so two of them can become one",
		SafeWay: "choose a name of at most 63 bytes",
		Bad:     "CREATE TABLE " + strings.Repeat("long", 16) + " (n int);",
		Good:    "-- " + strings.Repeat("long", 16) + "\nCREATE TABLE short (n text DEFAULT '" + strings.Repeat("long", 16) + "');",
		check: func(s *statement) []hit {
			var hits []hit
			for _, w := range words(s.text) {
				if len(w.text) > 63 {
					hits = append(hits, hit{at: s.at + w.at, what: w.text})
				}
			}
			return hits
		},
	},
}

// usedOf makes a hit of every table that is in use.
func (s *statement) usedOf(list []*rangeVar) []hit {
	var hits []hit
	for _, r := range list {
		if s.script.used(r) {
			hits = append(hits, hit{at: r.At, what: r.String(), table: r})
		}
	}
	return hits
}

// notMade makes a hit of a relation that the script did not make.
func (s *statement) notMade(r *rangeVar) []hit {
	if s.script.made[key(r)] {
		return nil
	}
	return []hit{{at: r.At, what: r.String(), table: r}}
}

func compacts(s *statement) []hit {
	if s.Cluster != nil {
		if s.Cluster.Table == nil {
			return []hit{{at: s.at, what: "every clustered table"}}
		}
		return s.usedOf([]*rangeVar{s.Cluster.Table})
	}
	if s.Vacuum == nil || !has(s.Vacuum.Options, "full") {
		return nil
	}
	if len(s.Vacuum.Tables) == 0 {
		return []hit{{at: s.at, what: "every table"}}
	}
	var hits []hit
	for _, v := range s.Vacuum.Tables {
		if v.VacuumedTable != nil {
			hits = append(hits, s.usedOf([]*rangeVar{v.VacuumedTable.Table})...)
		}
	}
	return hits
}
