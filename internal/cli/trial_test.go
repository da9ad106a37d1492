package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/rehearsal"
)

// reader is an app that reads from its database at each request: what v1 asks
// for is called otherwise in v2.
const reader = `import http.server, os, subprocess
question = {"v1": "SELECT count(username) FROM users", "v2": "SELECT count(email) FROM users"}[os.environ["CUTOVER_VERSION"]]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        run = subprocess.run(["true"] if self.path == "/up" else ["psql", "-XAtq", os.environ["DATABASE_URL"], "-c", question], capture_output=True)
        self.send_response(200 if run.returncode == 0 else 500)
        self.end_headers()
        self.wfile.write(run.stdout + run.stderr)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`

const readerFiles = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components: {web: {command: [python3, app.py], health: {path: /up, every: 200ms}, stop: {grace: 2s}}}
  config: {env: {DATABASE_URL: "file:dsn", RELEASED: "{{version}}"}}
  database: {type: postgres, url: file:dsn}
  traffic: {listen: "${LISTEN}"}
`

const readerRelease = `apiVersion: cutover/v1
kind: Release
metadata: {name: shop-VERSION, app: shop}
spec:
  to: VERSION
  checks: {smoke: [{http: /, retries: 0}]}
  ready: {within: 60s, settle: 100ms}
`

func TestOldAndNewCodeAreTriedOnTheCloneAndOnlyThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 20)
	h.write("app.py", reader)
	h.write("app.yaml", readerFiles)
	h.write("first.yaml", strings.ReplaceAll(readerRelease, "VERSION", "v1"))
	h.must(0, "down", "--yes")
	if err := os.RemoveAll(h.state); err != nil {
		t.Fatal(err)
	}
	h.must(0, "deploy", "-f", "app.yaml", "-f", "first.yaml")
	h.write("v2.yaml", strings.ReplaceAll(readerRelease, "VERSION", "v2")+"  schema: {change: emails.yaml, pace: full}\n")

	report := h.rehearse(0)
	tried := map[string]int{}
	for _, c := range report.Checks {
		if !c.Result.Passed {
			t.Errorf("the %s code failed %q after %q: %s", c.Code, c.Result.Name, c.After, c.Result.Evidence)
		}
		tried[string(c.Code)]++
	}
	if tried[string(rehearsal.Old)] < 2 || tried[string(rehearsal.New)] < 1 {
		t.Errorf("tried were %v", tried)
	}

	h.write("emails.yaml", `operations: [{sql: {up: "ALTER TABLE users RENAME username TO email", down: "ALTER TABLE users RENAME email TO username"}}]`)
	report = h.rehearse(1)
	found := false
	for _, r := range report.Reasons {
		found = found || r.ID == "old-check-failed"
	}
	if !found || report.Verdict != rehearsal.Destructive {
		t.Errorf("the verdict is %s, the reasons are %+v", report.Verdict, report.Reasons)
	}
	h.write("asked.sql", "SELECT username FROM users WHERE id = $1;\nSELECT count(*) FROM users;\n")
	if out := h.must(1, "rehearse", "-f", "app.yaml", "-f", "v2.yaml", "--statements", "asked.sql"); !strings.Contains(out, "SELECT username FROM users") {
		t.Errorf("the statement that no longer works is not named:\n%s", out)
	}
	if n := number(t, pg, dsn, "SELECT count(username) FROM users"); n != 20 {
		t.Errorf("%d of 20 users are left", n)
	}
	if left, err := filepath.Glob(filepath.Join(h.state, "rehearsals", "trial-*")); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func (h *house) rehearse(code int) (report rehearsal.Report) {
	h.t.Helper()
	out := h.must(code, "rehearse", "--json", "-f", "app.yaml", "-f", "v2.yaml")
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	return report
}
