package rehearsal

import (
	"strings"
	"testing"
)

func TestNothingPeopleWroteIsShown(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT * FROM t1 WHERE name = 'O''Hara' AND n = 12.5e3":                     "SELECT * FROM t1 WHERE name = ? AND n = ?",
		"UPDATE t SET a = E'it\\'s', b = $1, c = $q$secret$q$":                       "UPDATE t SET a = ?, b = $1, c = ?",
		`INSERT INTO "T 'x' 1" /* 'a' */ VALUES (1, -- 2` + "\n 'ä')":                `INSERT INTO "T 'x' 1" VALUES (?, ?)`,
		"SELECT $body$ never closed":                                                 "SELECT ?",
		"ALTER TABLE t ADD COLUMN\n a text DEFAULT 'new'":                            "ALTER TABLE t ADD COLUMN a text DEFAULT 'new'",
		"CREATE USER MAPPING FOR u OPTIONS (x 'y'); ALTER ROLE r PASSWORD 'hunter2'": "CREATE USER MAPPING FOR u OPTIONS (x 'y'); ALTER ROLE r PASSWORD '…'",
	} {
		if got := shown(sql); got != want {
			t.Errorf("%s\nis shown as %s\nwant         %s", sql, got, want)
		}
	}
	if got := shown("ALTER TABLE " + strings.Repeat("ä", 2000)); len(got) > shownLength+3 || !strings.HasSuffix(got, "ä…") {
		t.Errorf("a long statement is shown with %d bytes", len(got))
	}
}
