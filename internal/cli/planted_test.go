package cli_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/testkit/authority"
	"cutover/internal/testkit/postgres"
)

const keeperApp = `apiVersion: cutover/v1
kind: App
metadata: {name: teller}
spec:
  components:
    web:
      command: ["${TELLER}", "{{port}}", "{{version}}"]
      health: {path: /, every: 100ms}
  config: {env: {TOKEN: "file:token"}}
  database: {type: postgres, url: "env:PLANTED_DSN"}
  traffic: {listen: "${LISTEN}", tls: {certificate: a.pem, key: a.key}}
`

const keeperLoad = `apiVersion: cutover/v1
kind: Load
metadata: {name: teller}
spec:
  target: http://127.0.0.1:1
  rate: 10/s
  for: 1s
  variables: {word: "env:PLANTED_LOAD"}
  scenarios:
    look:
      steps: [{http: {path: "/fails?{{word}}", headers: {Authorization: "{{word}}"}}}]
`

const keeperRelease = `apiVersion: cutover/v1
kind: Release
metadata: {name: teller-%[1]s, app: teller}
spec:
  to: %[1]s
%[2]s  strategy:
    type: blue-green
    hold: {atLeast: 100ms, atLeastRequests: 0}
    soak: {atLeast: 100ms, atLeastRequests: 0}
  ready: {within: 2m, settle: 100ms}
`

const keeperChange = `operations:
  - create_table:
      name: colours
      columns: [{name: id, type: int, pk: true}]
`

// The password of the database is wrong, a load and a command of a check fail
// and repeat what they know, and the front has a key: nothing of it is printed,
// logged or kept, nor in a copy of the journal.
func TestSecretsOfDatabasesLoadsCommandsAndKeysAreFoundNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.more = append(h.more, "PLANTED_LOAD=s3cret-of-load", "PLANTED_DSN="+locked(t, "s3cret-right", "s3cret-wrong"))
	h.write("token", "s3cret-from-file\n")
	h.write("load.yaml", keeperLoad)
	h.write("change.yaml", keeperChange)
	h.write("app.yaml", keeperApp)
	issued := authority.New(t, "ca").Issue(t, nil, "a.org")
	issued.Write(t, h.home, "a")
	said := ""
	for _, c := range []struct {
		version, part string
		fails         bool
		tells         string
	}{
		{"v1", "", false, ""},
		{"v2", "  checks: {load: [{scenario: load.yaml}]}\n", true, "status 403"},
		{"v4", "  schema: {change: change.yaml}\n", true, "password authentication failed"},
		{"v5", "  checks: {smoke: [{run: 'cat token; exit 1', shell: true, retries: 0}]}\n", true, "***"},
	} {
		file := h.write(c.version+".yaml", fmt.Sprintf(keeperRelease, c.version, c.part))
		code, out := h.run("deploy", "-f", "app.yaml", "-f", file)
		if (code != 0) != c.fails || !strings.Contains(out, c.tells) {
			t.Errorf("deploy %s: exit code %d, want it to fail: %t, with %q:\n%s", c.version, code, c.fails, c.tells, tailOf(out))
		}
		said += out
	}
	for _, command := range []string{"status", "history", "explain teller-v2", "report teller-v2", "report teller-v5", "history teller-v5"} {
		for _, format := range []string{"text", "json"} {
			_, out := h.run(append(strings.Fields(command), "-o", format)...)
			said += out
		}
	}
	h.must(0, "journal", "backup", filepath.Join(h.state, "copy.db"))
	_, out := h.run("plan", "-o", "json", "-f", "app.yaml", "-f", filepath.Join(h.home, "v2.yaml"))
	said += out
	key := strings.Split(string(issued.KeyPEM(t)), "\n")[1]
	for _, secret := range []string{"s3cret", url.QueryEscape("s3cret-of-load"), key} {
		if at := strings.Index(said, secret); at >= 0 {
			t.Errorf("a secret was printed: ...%s", said[max(at-300, 0):min(at+40, len(said))])
		}
		h.secretFree(secret)
	}
}

// locked is the address of a database that asks for the password right, with
// the password given in it.
func locked(t *testing.T, right, given string) string {
	t.Helper()
	pg := postgres.New(t, postgres.Settings{})
	dsn := pg.NewDatabase(t)
	query(t, pg, dsn, "CREATE ROLE planted LOGIN PASSWORD '"+right+"'")
	var rules string
	if err := pg.Conn(t, dsn).QueryRow(context.Background(), "SHOW hba_file").Scan(&rules); err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rules, append([]byte("host all planted 127.0.0.1/32 scram-sha-256\n"), have...), 0o600); err != nil {
		t.Fatal(err)
	}
	query(t, pg, dsn, "SELECT pg_reload_conf()")
	at, err := url.Parse(pg.LoopbackDSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword("planted", given)
	return at.String()
}

// Commands are run as they are written: what a shell would make of them is text.
func TestCommandsAreRunWithoutAShell(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("token", "x\n")
	h.more = append(h.more, "PLANTED_DSN=postgres://nobody@127.0.0.1:1/none")
	app := strings.Replace(keeperApp, `"{{version}}"]`, `"{{version}}", "; touch one", "$(touch two)", "`+"`touch three`"+`", "&& touch four", "*"]`, 1)
	app = strings.Replace(app, "  config: {env: {TOKEN: \"file:token\"}}\n", "", 1)
	h.write("app.yaml", strings.Replace(app, ", tls: {certificate: a.pem, key: a.key}", "", 1))
	h.write("v1.yaml", fmt.Sprintf(keeperRelease, "v1", "  checks: {smoke: [{run: 'echo ; touch five $(touch six) > seven'}]}\n"))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	for _, name := range []string{"one", "two", "three", "four", "five", "six", "seven"} {
		if _, err := os.Lstat(filepath.Join(h.home, name)); err == nil {
			t.Errorf("a shell has made the file %s", name)
		}
	}
}
