package lint

import "fmt"

// widest is the number of columns beyond which an index seldom pays.
const widest = 3

// indexRules are about indexes.
var indexRules = []Rule{
	{
		ID: "require-concurrent-index-creation", Severity: Danger, small: Note,
		Reason:  "nobody can write to the table while the index is built",
		SafeWay: "CREATE INDEX CONCURRENTLY, outside of a transaction; drop the invalid index it leaves if it fails",
		Bad:     "CREATE INDEX users_email ON users (email);",
		Good:    "CREATE INDEX CONCURRENTLY users_email ON users (email);",
		check: func(s *statement) []hit {
			if i := s.Index; i != nil && !i.Concurrent && s.script.used(i.Table) && !s.partitioned(i.Table) {
				return []hit{{at: i.Table.At, what: i.Table.String(), table: i.Table}}
			}
			return nil
		},
	},
	{
		ID: "index-on-partitioned-table", Severity: Danger,
		Reason:  "PostgreSQL cannot build an index of a partitioned table concurrently: plainly it blocks writers of all partitions, concurrently it fails",
		SafeWay: "CREATE INDEX … ON ONLY the parent, CREATE INDEX CONCURRENTLY on every partition, then ALTER INDEX … ATTACH PARTITION",
		Bad:     "CREATE INDEX CONCURRENTLY logs_at ON logs (at);",
		Good:    "CREATE INDEX logs_at ON ONLY logs (at);",
		Facts:   Facts{Tables: []Table{{Schema: "public", Name: "logs", Partitioned: true}}},
		check: func(s *statement) []hit {
			if i := s.Index; i != nil && s.script.used(i.Table) && s.partitioned(i.Table) && i.Table.Inherit {
				return []hit{{at: i.Table.At, what: i.Table.String(), table: i.Table}}
			}
			return nil
		},
	},
	{
		ID: "require-concurrent-index-deletion", Severity: Care,
		Reason:  "readers and writers queue behind it until every query that uses the table has ended",
		SafeWay: "DROP INDEX CONCURRENTLY, outside of a transaction",
		Bad:     "DROP INDEX users_email;",
		Good:    "DROP INDEX CONCURRENTLY users_email;",
		check: func(s *statement) []hit {
			if s.Drop == nil || s.Drop.Kind != "OBJECT_INDEX" || s.Drop.Concurrent {
				return nil
			}
			return s.droppedIndexes()
		},
	},
	{
		ID: "require-concurrent-reindex", Severity: Danger, small: Note,
		Reason:  "nobody can write to the table, nor read by the index, while it is rebuilt",
		SafeWay: "REINDEX … CONCURRENTLY, outside of a transaction",
		Bad:     "REINDEX INDEX users_email;",
		Good:    "REINDEX INDEX CONCURRENTLY users_email;",
		check: func(s *statement) []hit {
			if s.Reindex == nil || has(s.Reindex.Options, "concurrently") {
				return nil
			}
			if s.Reindex.Table == nil {
				return []hit{{at: s.at, what: s.Reindex.Name}}
			}
			if s.script.made[key(s.Reindex.Table)] {
				return nil
			}
			h := hit{at: s.Reindex.Table.At, what: s.Reindex.Table.String(), table: s.Reindex.Table}
			if _, on := s.script.facts.index(s.Reindex.Table); on != nil && s.Reindex.Kind == "REINDEX_OBJECT_INDEX" {
				h.table = on
			}
			return []hit{h}
		},
	},
	{
		ID: "ban-concurrent-index-creation-in-transaction", Severity: Danger,
		Reason:  "PostgreSQL refuses CONCURRENTLY inside a transaction, and the migration fails",
		SafeWay: "run it in a file of its own without a transaction, or commit before it",
		Bad:     "BEGIN;\nCREATE INDEX CONCURRENTLY users_email ON users (email);\nCOMMIT;",
		Good:    "CREATE INDEX CONCURRENTLY users_email ON users (email);",
		check: func(s *statement) []hit {
			if s.script.inTransaction() && s.concurrent() {
				return []hit{{at: s.at}}
			}
			return nil
		},
	},
	{
		ID: "index-before-backfill", Severity: Care, small: Note,
		Reason:  "the column is filled after its index was made, so every row is written to the index one by one, and no update can stay on its page",
		SafeWay: "fill first, then build the index concurrently",
		Bad:     "ALTER TABLE users ADD COLUMN email text;\nCREATE INDEX CONCURRENTLY users_email ON users (email);\nUPDATE users SET email = name || '@example.com' WHERE id < 1000;",
		Good:    "ALTER TABLE users ADD COLUMN email text;\nUPDATE users SET email = name || '@example.com' WHERE id < 1000;\nCREATE INDEX CONCURRENTLY users_email ON users (email);",
		check: func(s *statement) []hit {
			if s.Update == nil {
				return nil
			}
			var hits []hit
			for _, t := range s.Update.Targets {
				if t.Target == nil {
					continue
				}
				column := key(s.Update.Table) + "." + t.Target.Name
				if s.script.added[column] && s.script.indexed[column] && s.script.used(s.Update.Table) {
					hits = append(hits, hit{at: s.Update.Table.At, what: fmt.Sprintf("%s.%s", s.Update.Table, t.Target.Name), table: s.Update.Table})
				}
			}
			return hits
		},
	},
	{
		ID: "wide-index", Severity: Note,
		Reason:  "an index on more than three columns seldom pays for what it costs every write",
		SafeWay: "begin with the columns that narrow the search most",
		Bad:     "CREATE INDEX CONCURRENTLY i ON users (a, b, c, d);",
		Good:    "CREATE INDEX CONCURRENTLY i ON users (a, b, c);",
		check: func(s *statement) []hit {
			if i := s.Index; i != nil && !i.Unique && len(i.Columns) > widest {
				return []hit{{at: i.Table.At, what: i.Table.String(), table: i.Table}}
			}
			return nil
		},
	},
}

// each makes a hit of every object named.
func (s *statement) each(objects []node) []hit {
	var hits []hit
	for _, o := range objects {
		hits = append(hits, hit{at: s.at, what: dropped(o).String()})
	}
	return hits
}

// droppedIndexes makes a hit of every index named, and says of a unique one
// what goes with it.
func (s *statement) droppedIndexes() []hit {
	var hits []hit
	for _, o := range s.Drop.Objects {
		name := dropped(o)
		h := hit{at: s.at, what: name.String()}
		if x, on := s.script.facts.index(name); x != nil {
			h.table = on
			if x.Unique {
				h.what += ", without which " + on.String() + " takes values twice and ON CONFLICT fails"
			}
		}
		hits = append(hits, h)
	}
	return hits
}

func (s *statement) partitioned(r *rangeVar) bool {
	t := s.script.facts.table(r)
	return t != nil && t.Partitioned
}

// concurrent reports whether the statement says CONCURRENTLY where that needs
// to be outside of a transaction.
func (s *statement) concurrent() bool {
	for _, c := range s.commands() {
		if c.Def.Partition != nil && c.Def.Partition.Concurrent {
			return true
		}
	}
	return s.Index != nil && s.Index.Concurrent || s.Drop != nil && s.Drop.Concurrent ||
		s.Reindex != nil && has(s.Reindex.Options, "concurrently")
}
