package cli_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/cli"
)

// byHand changes the schema by SQL of its own.
const byHand = `
operations:
  - sql:
      up: CREATE INDEX by_name ON users (username)
      down: DROP INDEX by_name
`

// inside runs cutover in this process: under the race detector PostgreSQL's
// parser takes a quarter of a minute to start, which once is enough.
func (h *house) inside(code int, args ...string) string {
	h.t.Helper()
	var out bytes.Buffer
	if got := cli.Main(append(args, "--state", h.state), strings.NewReader(""), &out, &out); got != code {
		h.t.Fatalf("cutover %s: exit code %d, want %d:\n%s", strings.Join(args, " "), got, code, out.String())
	}
	return out.String()
}

func (h *house) at(name string) string { return filepath.Join(h.home, name) }

func TestSQLThatWouldHurtIsRefusedUntilSomebodyAcceptsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 30_000)
	query(t, pg, dsn, "ANALYZE users")
	h.write("emails.yaml", byHand)
	out := h.inside(2, "lint", "-f", h.at("app.yaml"), "-f", h.at("v2.yaml"))
	for _, want := range []string{"emails.yaml: operation 1, up 1:", "[require-concurrent-index-creation]", "about 30000 rows", "operation 1, down"} {
		if !strings.Contains(out, want) {
			t.Errorf("lint lacks %q:\n%s", want, out)
		}
	}
	if out := h.inside(0, "plan", "-f", h.at("app.yaml"), "-f", h.at("v2.yaml")); !strings.Contains(out, "require-concurrent-index-creation") {
		t.Errorf("the plan does not show it:\n%s", out)
	}
	if out := h.must(2, "deploy", "-f", h.at("app.yaml"), "-f", h.at("v2.yaml")); !strings.Contains(out, "require-concurrent-index-creation") || !strings.Contains(out, "accept") {
		t.Errorf("deploy said %q", out)
	}
	if list := h.must(0, "history", "-o", "json"); strings.Contains(list, "shop-v2") {
		t.Errorf("a release was recorded: %s", list)
	}
	v2 := h.write("v2.yaml", `apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
  schema:
    change: emails.yaml
    accept:
      - {id: require-concurrent-index-creation, reason: nobody writes at night}
      - {id: require-concurrent-index-deletion, reason: the same}
`)
	if out := h.inside(0, "lint", "-f", h.at("app.yaml"), "-f", v2); !strings.Contains(out, "accepted: nobody writes at night") {
		t.Errorf("lint said %q", out)
	}
	h.write("emails.yaml", emails)
	if out := h.inside(2, "lint", "-f", h.at("app.yaml"), "-f", v2); !strings.Contains(out, "nothing of that kind was found") {
		t.Errorf("an acceptance of nothing gave %q", out)
	}
}

func TestFilesOfSQLAreJudgedByTheirTextOrByTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, dsn := withDatabase(t, h, 10)
	index := h.write("index.sql", "SET lock_timeout = '1s';\nSET statement_timeout = '1min';\nCREATE INDEX IF NOT EXISTS by_name ON users (username);\n")
	if out := h.inside(2, "lint", "--sql", index); !strings.Contains(out, index+":3:") || !strings.Contains(out, "require-concurrent-index-creation") {
		t.Errorf("by the text alone it said %q", out)
	}
	var found struct {
		SQL []struct{ ID, Severity, Place string }
	}
	out := h.inside(0, "lint", "-o", "json", "--sql", index, "--database", dsn)
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found.SQL) != 1 || found.SQL[0].Severity != "note" {
		t.Errorf("for a table of ten rows it said %s, %v", out, err)
	}
	if out := h.inside(2, "lint", "--sql", index, "--database", "env:NOWHERE"); !strings.Contains(out, "by its text alone") || !strings.Contains(out, "NOWHERE") {
		t.Errorf("without the database it said %q", out)
	}
	h.inside(2, "lint", "--sql", "missing.sql")
}
