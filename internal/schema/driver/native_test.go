package driver_test

import (
	"context"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/schema/driver"
)

func TestAMigrationThatStoppedOnItsWayIsNeitherDoneNorUndone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := pg.NewDatabase(t)
	psql := func(sql string) []string {
		return []string{"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", dsn, "-c", sql}
	}
	set := "UPDATE version SET revision = '{{revision}}'"
	if _, err := pg.Conn(t, dsn).Exec(ctx, "CREATE TABLE version (revision text); INSERT INTO version VALUES ('b')"); err != nil {
		t.Fatal(err)
	}
	d := &driver.Driver{Errand: func(_ string, _ release.Target, argv []string) (args, env, secrets []string, err error) {
		return argv, nil, nil, nil
	}}
	o := release.SchemaOrder{Release: "r", Database: release.Database{Driver: release.PostgreSQL, URL: dsn, LockTimeout: time.Second},
		Schema: release.Schema{Expand: true, Native: release.Native{Upgrade: psql(set), Downgrade: psql(set), Head: psql("SELECT revision FROM version"),
			From: "a", To: "c", Revisions: []string{"b", "c"}, Timeout: time.Minute}}}
	look := func(want release.SchemaWorld) {
		t.Helper()
		w, err := d.Observe(ctx, o)
		if w.Waits = ""; err != nil || w != want {
			t.Errorf("it is %+v, %v; want %+v", w, err, want)
		}
	}
	look(release.SchemaWorld{Known: true, Partly: true})
	if err := d.Expand(ctx, o); err != nil {
		t.Fatal(err)
	}
	look(release.SchemaWorld{Known: true, Expanded: true, Filled: true, Contracted: true})
	if err := d.Revert(ctx, o); err != nil {
		t.Fatal(err)
	}
	look(release.SchemaWorld{Known: true})
	e, err := d.Errands(o)
	if err != nil || len(e.Up) != 2 || e.Up[0].Revision != "b" || len(e.Down) != 2 || e.Down[1].Revision != "a" {
		t.Errorf("a rehearsal would run %+v, %v", e, err)
	}
}
