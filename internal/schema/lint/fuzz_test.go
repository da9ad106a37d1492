package lint_test

import (
	"testing"

	"cutover/internal/schema/lint"
)

// FuzzLint looks for texts on which the linter itself fails: what the tree
// lacks is left out by the parser, and a rule may not stumble over that.
func FuzzLint(f *testing.F) {
	for _, r := range lint.Rules() {
		f.Add(r.Bad)
		f.Add(r.Good)
	}
	for _, sql := range []string{
		"CLUSTER", "VACUUM (FULL, ANALYZE)", "VACUUM (FULL off) a", "REINDEX SYSTEM x", "REINDEX (CONCURRENTLY off) TABLE a", "DISCARD ALL",
		"ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", "ALTER INDEX i ATTACH PARTITION j", "ALTER TABLE t DETACH PARTITION p FINALIZE",
		"ALTER TABLE t ATTACH PARTITION p DEFAULT", "ALTER VIEW v ALTER a DROP DEFAULT", "ALTER TYPE t ADD ATTRIBUTE a int", "ALTER TABLE t OF u",
		"ALTER TABLE t RENAME CONSTRAINT a TO b", "ALTER FUNCTION f RENAME TO g", "ALTER DATABASE a RENAME TO b", "ALTER FUNCTION f SET SCHEMA s",
		"ALTER DOMAIN d SET DEFAULT 1", "ALTER DOMAIN d ADD CHECK (value > 0)", "CREATE TABLE t (LIKE u)", "CREATE TABLE t OF u", "SELECT 1 INTO t",
		"CREATE TABLE t PARTITION OF u FOR VALUES IN (1)", "DROP CAST (a AS b)", "DROP OPERATOR + (int, int)", "DROP AGGREGATE a(*)", "DROP TRIGGER a ON b",
		"DROP OPERATOR CLASS a USING b", "UPDATE t SET (a, b) = (SELECT 1, 2)", "UPDATE t SET a[1] = 2", "INSERT INTO t DEFAULT VALUES", "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
		"SET LOCAL lock_timeout TO DEFAULT", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "RESET ALL", "SELECT set_config(a, b, c)", "SELECT f(VARIADIC x)",
		"ALTER TABLE t ADD a int DEFAULT ARRAY[f(1)]", "ALTER TABLE t ADD CHECK ((SELECT true))", "ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY",
		"ALTER TABLE t ALTER a TYPE numeric(1, -1), ALTER b TYPE interval hour, ALTER c TYPE s.x[3]", "LOCK a, b", "PREPARE TRANSACTION 'x'", "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE",
		"CREATE INDEX ON t ((a + b))", "CREATE UNIQUE INDEX i ON ONLY t (a)", "COMMENT ON TABLE t IS $$é$$", "E'\\", "$a$", "/* /* */", `U&"d\0061t"`, ";;;", "",
	} {
		f.Add(sql)
	}
	facts := lint.Facts{OneTransaction: true, Tables: []lint.Table{{Schema: "public", Name: "t", Partitioned: true, Rows: 5,
		Columns:    []lint.Column{{Name: "a", Type: "numeric"}, {Name: "b", Type: "character varying("}, {Name: "c", Type: "numeric(1)"}},
		Dependents: []lint.Dependent{{Kind: "view", Name: "v"}}}}}
	// The parser starts here: with coverage on that takes longer than the fuzzer
	// lets one input take.
	lint.Lint("SELECT 1", facts)
	f.Fuzz(func(t *testing.T, sql string) {
		for _, facts := range []lint.Facts{{}, facts} {
			for _, found := range lint.Lint(sql, facts) {
				if found.ID == "" || found.Place == "" || found.Reason == "" || found.SafeWay == "" || found.Severity < lint.Note {
					t.Errorf("%q: half a finding: %+v", sql, found)
				}
			}
		}
	})
}
