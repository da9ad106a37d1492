package native_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cutover/internal/schema/native"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

// budget is generous but for locks.
var budget = native.Budget{LockTimeout: 200 * time.Millisecond, StatementTimeout: 30 * time.Second, Timeout: time.Minute}

// migrate is a migration program as applications have them: it keeps the
// revision in a table, and runs every file in a transaction of its own.
const migrate = `set -eu
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$DATABASE_URL" "$@"; }
case "$1" in
head) sql -c "SELECT revision FROM version";;
*) for file in "$1"/*.sql; do echo "running $file" >&2; sql -1 -f "$file"; done;;
esac
`

// artefact makes the folder of a version with files in it, and a migration
// that runs them from revision one to two.
func artefact(t *testing.T, dsn string, files map[string]string) native.Migration {
	t.Helper()
	dir := t.TempDir()
	files["migrate.sh"] = migrate
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := func(verb string) native.Command {
		return native.Command{Args: []string{"sh", "migrate.sh", verb}, Dir: dir, Env: []string{"DATABASE_URL=" + dsn}}
	}
	return native.Migration{Upgrade: command("up"), Downgrade: command("down"), Head: command("head"), From: "one", To: "two"}
}

// usual are the files of a migration that works.
func usual() map[string]string {
	return map[string]string{
		"up/1.sql":   "ALTER TABLE users ADD COLUMN email text; UPDATE version SET revision = 'two';",
		"down/1.sql": "ALTER TABLE users DROP COLUMN email; UPDATE version SET revision = 'one';",
	}
}

// app makes the database of the old version.
func app(t *testing.T) (dsn string) {
	t.Helper()
	dsn = pg.NewDatabase(t)
	run(t, dsn, "CREATE TABLE version (revision text); INSERT INTO version VALUES ('one'); CREATE TABLE users (id int, name text); INSERT INTO users VALUES (1, 'a')")
	return dsn
}

func run(t *testing.T, dsn, sql string) {
	t.Helper()
	if _, err := pg.Conn(t, dsn).Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

// columns returns how many columns the table has.
func columns(t *testing.T, dsn, table string) (n int) {
	t.Helper()
	err := pg.Conn(t, dsn).QueryRow(context.Background(), "SELECT count(*) FROM information_schema.columns WHERE table_name = $1", table).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func shell(script string, env ...string) native.Command {
	return native.Command{Args: []string{"sh", "-c", script}, Env: env}
}
