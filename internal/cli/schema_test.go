package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/api"
	"cutover/internal/release"
	"cutover/internal/testkit/postgres"
)

// emails gives users an address, as articles on the subject do.
const emails = `
operations:
  - add_column:
      table: users
      column: {name: email, type: text}
      up: username || '@example.com'
`

// withDatabase puts a PostgreSQL with users into the house, and the app's file
// that names it. v2 changes its schema.
func withDatabase(t *testing.T, h *house, rows int) (pg *postgres.Server, dsn string) {
	t.Helper()
	pg = postgres.New(t, postgres.Settings{})
	dsn = pg.NewDatabase(t)
	query(t, pg, dsn, fmt.Sprintf("CREATE TABLE users (id int PRIMARY KEY, username text); INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, %d) n", rows))
	h.write("dsn", dsn)
	app, err := os.ReadFile(filepath.Join(h.home, "app.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	h.write("app.yaml", strings.Replace(string(app), "  traffic:", "  database: {type: postgres, url: file:dsn}\n  traffic:", 1))
	h.write("emails.yaml", emails)
	h.write("v2.yaml", `apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
  schema: {change: emails.yaml, pace: full}
  backup: {verify: true}
  strategy: {type: blue-green, hold: {atLeast: 0s, atLeastRequests: 0}, soak: {atLeast: 0s, atLeastRequests: 0}, standby: 24h}
`)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	return pg, dsn
}

func query(t *testing.T, pg *postgres.Server, dsn, sql string) {
	t.Helper()
	if _, err := pg.Conn(t, dsn).Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, pg *postgres.Server, dsn, sql string) (n int) {
	t.Helper()
	if err := pg.Conn(t, dsn).QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAReleaseChangesTheSchemaAfterAProvenBackupAndContractsWhenItRetires(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 5000)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "standby", func() bool { return h.view("shop-v2").State.Phase == release.Standby })

	if n := number(t, pg, dsn, "SELECT count(*) FROM users WHERE email = username || '@example.com'"); n != 5000 {
		t.Errorf("%d of 5000 users have an address in standby", n)
	}
	query(t, pg, dsn, "INSERT INTO users (id, username) VALUES (6000, 'late')")
	if out := h.must(0, "schema", "verify"); !strings.Contains(out, "every row agrees in users") {
		t.Errorf("verify said %q", out)
	}
	out := h.must(0, "schema", "status", "shop")
	for _, want := range []string{"emails.yaml", "expanded", "yes", "proven to restore", "reversible until"} {
		if !strings.Contains(out, want) {
			t.Errorf("schema status lacks %q:\n%s", want, out)
		}
	}
	var backups []api.Backup
	if err := json.Unmarshal([]byte(h.must(0, "backup", "list", "-o", "json")), &backups); err != nil || len(backups) != 1 || !backups[0].Needed || backups[0].Rows != 5000 {
		t.Errorf("the backups are %+v, %v", backups, err)
	}
	h.must(0, "backup", "verify")

	h.must(0, "retire", "shop")
	await(t, "the end", func() bool { return h.view("shop-v2").State.Phase == release.Done })
	if n := number(t, pg, dsn, "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relname = 'users' AND NOT tgisinternal"); n != 0 {
		t.Errorf("%d triggers are left after contract", n)
	}
	if n := number(t, pg, dsn, "SELECT count(email) FROM users"); n != 5001 {
		t.Errorf("%d of 5001 users have an address", n)
	}
	h.must(0, "audit", "verify")
}

func TestARollbackFromStandbyPutsTheSchemaBackAndKeepsWhatUsersWrote(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 100)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "standby", func() bool { return h.view("shop-v2").State.Phase == release.Standby })
	query(t, pg, dsn, "INSERT INTO users (id, username, email) VALUES (200, 'new', 'new@shop.test'); UPDATE users SET username = 'renamed' WHERE id = 1")
	h.must(0, "rollback", "shop")
	if n := number(t, pg, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'"); n != 2 {
		t.Errorf("users has %d columns after the rollback, want two", n)
	}
	if n := number(t, pg, dsn, "SELECT count(*) FROM users WHERE id = 200 AND username = 'new' OR id = 1 AND username = 'renamed'"); n != 2 {
		t.Errorf("%d of the 2 rows that users wrote are there", n)
	}
}

func TestAControllerThatIsKilledWhileItFillsGoesOnAndEndsTheSame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 100_000)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "a fill under way", func() bool {
		v := h.view("shop-v2")
		return v.State.Phase == release.Backfilling && v.World.Schema.Progress.Rows > 0
	})
	h.must(0, "schema", "pause", "shop", "-m", "let me look")
	out := h.must(3, "schema", "status")
	if !strings.Contains(out, "let me look") || !strings.Contains(out, "users: ") {
		t.Errorf("schema status says:\n%s", out)
	}
	for _, p := range h.processes() {
		if p.is("serve") {
			kill(t, p.pid)
		}
	}
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "the controller", func() bool { return h.view("shop-v2").State.Phase == release.Backfilling })
	h.must(3, "status", "shop-v2")
	h.must(0, "schema", "resume", "shop")
	await(t, "standby", func() bool { return h.view("shop-v2").State.Phase == release.Standby })
	if n := number(t, pg, dsn, "SELECT count(*) FROM users WHERE email IS DISTINCT FROM username || '@example.com'"); n != 0 {
		t.Errorf("%d users have no address", n)
	}
	h.must(0, "rollback", "shop")
}

func TestAChangeThatDoesNotFitTheDatabaseIsRefusedBeforeAnythingIsRecorded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	withDatabase(t, h, 10)
	for change, want := range map[string]string{
		strings.Replace(emails, "users", "persons", 1):                 "persons",
		strings.Replace(emails, "username ||", "nickname ||", 1):       "nickname",
		strings.Replace(emails, "'@example.com'", "'@example.com", 1):  "v2.yaml",
		strings.Replace(emails, "add_column", "add_colum", 1):          `no operation "add_colum"`,
		strings.Replace(emails, "type: text", "type: no_such_type", 1): "no_such_type",
	} {
		h.write("emails.yaml", change)
		if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(out, want) {
			t.Errorf("it was refused with %q, want %q in it", out, want)
		}
	}
	h.write("dsn", "postgres:///nowhere?host=/nonexistent")
	h.write("emails.yaml", emails)
	if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(out, "connect") {
		t.Errorf("it was refused with %q", out)
	}
	if list := h.must(0, "history", "-o", "json"); strings.Contains(list, "shop-v2") {
		t.Errorf("a release was recorded: %s", list)
	}
}

func TestAFullRollbackBringsTheOlderVersionBackWithItsDataAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 100)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "standby", func() bool { return h.view("shop-v2").State.Phase == release.Standby })
	if out := h.must(2, "rollback", "--full", "--yes", "shop"); !strings.Contains(out, "without losing anything") {
		t.Errorf("in standby it was refused with %q", out)
	}
	h.must(0, "retire", "shop")
	query(t, pg, dsn, "INSERT INTO users (id, username, email) VALUES (1000, 'late', 'late@shop.test')")
	if out := h.must(2, "rollback", "--full", "shop-v2"); !strings.Contains(out, "brings v1 back with the data of") || !strings.Contains(out, "--yes") {
		t.Errorf("without --yes it said %q", out)
	}
	h.must(0, "rollback", "--full", "--yes", "shop-v2")
	v := h.view("shop-v2-back")
	if v.State.Phase != release.Standby || v.State.Plan.To.Version != "v1" {
		t.Errorf("it is %s of %s", v.State.Phase, v.State.Plan.To.Version)
	}
	if n := number(t, pg, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'"); n != 2 {
		t.Errorf("users has %d columns, want the two of v1", n)
	}
	if n := number(t, pg, dsn, "SELECT count(*) FROM users"); n != 100 {
		t.Errorf("there are %d users, want the 100 of the backup", n)
	}
	h.must(0, "rollback", "shop-v2-back")
	if n := number(t, pg, dsn, "SELECT count(*) FROM users WHERE email IS NOT NULL"); n != 101 {
		t.Errorf("after taking that back there are %d users with an address, want the 101 there were", n)
	}
	h.must(0, "audit", "verify")
}

// migrate is how an app that migrates itself does it: it keeps the revision in
// a table.
const migrate = `set -eu
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$DATABASE_URL" -c "$1"; }
case "$1" in
head) sql "SELECT revision FROM version";;
up) sql "ALTER TABLE users ADD COLUMN email text; UPDATE version SET revision = 'two'";;
down) sql "ALTER TABLE users DROP COLUMN email; UPDATE version SET revision = 'one'";;
esac
`

func TestAnAppsOwnMigrationsRunWithTheReleaseAndAreTakenBackWithIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 10)
	query(t, pg, dsn, "CREATE TABLE version (revision text); INSERT INTO version VALUES ('one')")
	h.write("migrate.sh", migrate)
	h.write("v2.yaml", `apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: {version: v2, env: {DATABASE_URL: file:dsn}}
  schema: {native: {upgrade: sh migrate.sh up, downgrade: sh migrate.sh down, head: sh migrate.sh head, from: one, to: two}}
  strategy: {type: blue-green, hold: {atLeast: 0s, atLeastRequests: 0}, soak: {atLeast: 0s, atLeastRequests: 0}, standby: 24h}
`)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "standby", func() bool { return h.view("shop-v2").State.Phase == release.Standby })
	if n := number(t, pg, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'"); n != 3 {
		t.Errorf("users has %d columns in standby, want three", n)
	}
	h.must(0, "rollback", "shop")
	if n := number(t, pg, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'"); n != 2 {
		t.Errorf("users has %d columns after the rollback, want two", n)
	}

	query(t, pg, dsn, "UPDATE version SET revision = 'elsewhere'")
	h.must(0, "allow", "shop", "v2")
	h.write("v2.yaml", strings.Replace(h.read("v2.yaml"), "shop-v2", "shop-v2b", 1))
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "the trouble", func() bool { return strings.Contains(strings.Join(h.view("shop-v2b").Troubles, "; "), "elsewhere") })
	h.must(0, "abort", "shop")
}

func (h *house) read(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.home, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}
