package backup_test

import (
	"context"
	"strings"
	"testing"

	"cutover/internal/backup"
)

// A plain role may not create every extension; the rest is what it came for.
func TestAPlainRoleCopiesAndVerifiesWithoutTheExtensionsItMayNotCreate(t *testing.T) {
	t.Parallel()
	dsn := shop(t)
	run(t, dsn, `CREATE EXTENSION pg_stat_statements; CREATE EXTENSION citext; CREATE TABLE words (w citext); INSERT INTO words VALUES ('A');
		DROP ROLE IF EXISTS plaincopier; CREATE ROLE plaincopier LOGIN CREATEDB; GRANT pg_read_all_data TO plaincopier`)
	plain := func(dsn string) backup.Source {
		return backup.Source{URL: strings.Replace(dsn, "user=postgres", "user=plaincopier", 1)}
	}
	f := backup.Folder{Path: t.TempDir()}
	b := take(t, f, dsn)
	if _, err := f.Verify(context.Background(), b, plain(pg.DSN("postgres"))); err != nil {
		t.Errorf("verify: %v", err)
	}
	run(t, dsn, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
	run(t, pg.DSN("postgres"), `CREATE DATABASE copied OWNER plaincopier`)
	t.Cleanup(func() { run(t, pg.DSN("postgres"), "DROP DATABASE copied WITH (FORCE)") })
	if err := f.Copy(context.Background(), plain(dsn), plain(pg.DSN("copied")), false); err != nil {
		t.Fatal(err)
	}
	if n := count(t, pg.DSN("copied"), "SELECT (SELECT count(*) FROM words WHERE w = 'a') + (SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements')"); n != 1 {
		t.Errorf("got %d; want the word and not the extension", n)
	}
}
