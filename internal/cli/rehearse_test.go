package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/rehearsal"
	"cutover/internal/release"
)

func TestARehearsalSaysWhatAChangeDoesAndLeavesTheDatabaseAsItIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 200)
	var report rehearsal.Report
	if err := json.Unmarshal([]byte(h.must(0, "rehearse", "--json", "-f", "app.yaml", "-f", "v2.yaml")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Verdict != rehearsal.Compatible || len(report.Steps) != 3 || report.Clone.Way != rehearsal.Dump {
		t.Errorf("the report is %+v", report)
	}
	kept := filepath.Join(h.state, "rehearsals", "shop", "shop-v2.json")
	if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the report is kept as %v, %v", info, err)
	}
	if n := number(t, pg, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'"); n != 2 {
		t.Errorf("users has %d columns after the rehearsal, want two", n)
	}
	if n := number(t, pg, dsn, "SELECT count(*) FROM pg_database WHERE datname LIKE 'cutover%'"); n != 0 {
		t.Errorf("%d clones are left", n)
	}
	if out := h.must(1, "rehearse", "-f", "app.yaml", "-f", "v2.yaml", "--from-backup", "none"); !strings.Contains(out, "no backup none") {
		t.Errorf("a backup that is not there gave %q", out)
	}
}

// native has v2 drop a column by a command of its own.
const native = `apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: {version: v2, env: {DATABASE_URL: file:dsn, SQLALCHEMY_URI: file:uri}}
  schema:
    native:
      upgrade: [sh, -c, 'psql -qX "$DATABASE_URL" -c "ALTER TABLE users DROP COLUMN username"']
      downgrade: [sh, -c, 'psql -qX "$DATABASE_URL" -c "ALTER TABLE users ADD COLUMN username text"']
      head: [sh, -c, 'psql -qXAt "$DATABASE_URL" -c "SELECT count(*) FROM information_schema.columns WHERE column_name = ''username''"']
      from: "1"
      to: "0"
`

func TestNativeMigrationsAreRehearsedWithoutAController(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 20)
	h.write("v2.yaml", native)
	h.write("uri", strings.Replace(dsn, "postgres://", "postgresql+psycopg2://", 1))
	for _, p := range h.processes() {
		if p.is("serve") {
			kill(t, p.pid)
		}
	}
	out := h.must(1, "rehearse", "-f", "app.yaml", "-f", "v2.yaml")
	if plan := h.must(0, "plan", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(plan, "last rehearsed at") || !strings.Contains(plan, "destructive") {
		t.Errorf("the plan does not use what the rehearsal measured:\n%s", plan)
	}
	for _, want := range []string{"destructive", "username", "upgrade", "downgrade", "cloning the database", "kept as"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	if n := number(t, pg, dsn, "SELECT count(username) FROM users"); n != 20 {
		t.Errorf("%d of 20 names are left after the rehearsal", n)
	}
}

func TestAReleaseWaitsForApprovalOfWhatItsRehearsalFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 20)
	h.write("uri", dsn)
	h.write("v2.yaml", native+`  rehearse: {}
  strategy: {type: blue-green, hold: {atLeast: 0s, atLeastRequests: 0}, soak: {atLeast: 0s, atLeastRequests: 0}, standby: 24h}
`)
	if out := h.must(0, "plan", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(out, "rehearse the change on a clone") {
		t.Errorf("the plan does not tell of the rehearsal:\n%s", out)
	}
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "the halt", func() bool { return h.view("shop-v2").State.Halt != nil })
	out := h.must(3, "schema", "status", "shop-v2")
	for _, want := range []string{"destructive", "username", "cutover next", "paused in preflight"} {
		if !strings.Contains(out, want) {
			t.Errorf("schema status lacks %q:\n%s", want, out)
		}
	}
	if n := number(t, pg, dsn, "SELECT count(username) FROM users"); n != 20 {
		t.Errorf("%d of 20 names are left before anybody approved", n)
	}
	h.must(0, "next", "shop-v2", "-m", "nobody reads it")
	await(t, "standby", func() bool { return h.view("shop-v2").State.Phase == release.Standby })
	if n := number(t, pg, dsn, "SELECT count(*) FROM information_schema.columns WHERE column_name = 'username'"); n != 0 {
		t.Error("the approved change was not carried out")
	}
	h.must(0, "audit", "verify")
}
