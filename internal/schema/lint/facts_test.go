package lint_test

import (
	"strings"
	"testing"

	"cutover/internal/schema/lint"
)

func TestAFewRowsThatTakeMuchRoomAreNoSmallTable(t *testing.T) {
	t.Parallel()
	table := lint.Table{Schema: "public", Name: "files", Rows: 500, Bytes: 1 << 20}
	facts := lint.Facts{Budget: true, Tables: []lint.Table{table}}
	check(t, "VACUUM FULL files;", facts)
	facts.Tables[0].Bytes = 2 << 30
	check(t, "VACUUM FULL files;", facts, "prefer-repack")
	if f := lint.Lint("VACUUM FULL files;", facts); !strings.Contains(f[0].Reason, "2048 MiB") {
		t.Errorf("the reason %q does not say why", f[0].Reason)
	}
}

func TestAnIndexIsJudgedByTheTableItIsOn(t *testing.T) {
	t.Parallel()
	facts := lint.Facts{Budget: true, Tables: []lint.Table{{Schema: "public", Name: "users", Rows: 10, Indexes: []lint.Index{{Name: "one_email", Unique: true}}}}}
	check(t, "REINDEX INDEX one_email;", facts)
	if f := lint.Lint("DROP INDEX one_email;", facts); len(f) == 0 || !strings.Contains(f[0].Reason, "ON CONFLICT fails") {
		t.Errorf("found %+v; want it to say what a unique index is for", f)
	}
	facts.Tables[0].Rows = 1 << 20
	check(t, "REINDEX INDEX one_email;", facts, "require-concurrent-reindex")
}

func TestADefaultThatIsNotThereCanBeDropped(t *testing.T) {
	t.Parallel()
	facts := lint.Facts{Budget: true, Tables: []lint.Table{{Schema: "public", Name: "users", Columns: []lint.Column{{Name: "state"}}}}}
	check(t, "ALTER TABLE users ALTER COLUMN state DROP DEFAULT;", facts)
	facts.Tables[0].Columns[0].Default = "'new'::text"
	check(t, "ALTER TABLE users ALTER COLUMN state DROP DEFAULT;", facts, "dropping-default")
}

func TestATextForANewerServerIsNotCalledWrongOutright(t *testing.T) {
	t.Parallel()
	for server, want := range map[int]bool{15: false, 99: true} {
		f := lint.Lint("ALTER TABEL users;", lint.Facts{Server: server})
		if got := strings.Contains(f[0].Reason, "new in PostgreSQL 99"); got != want {
			t.Errorf("on server %d: %q", server, f[0].Reason)
		}
	}
}
