package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/pooler/console"
	"cutover/internal/release"
	testpgbouncer "cutover/internal/testkit/pgbouncer"
)

// behindPgBouncer has the app's file name a PgBouncer, for a user of its.
func (h *house) behindPgBouncer(b *testpgbouncer.Server, user string) {
	h.t.Helper()
	app, err := os.ReadFile(filepath.Join(h.home, "app.yaml"))
	if err != nil {
		h.t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(app), "url: file:dsn")
	_, after, _ = strings.Cut(after, "\n")
	h.write("app.yaml", fmt.Sprintf("%surl: file:dsn, pgbouncer: {console: %q, databases: [shop], drain: 0s, pause: {around: [contract], atMost: 1m}}}\n%s", before, b.Console(user), after))
}

// stopped reports whether the clients of shop are made to wait.
func stopped(t *testing.T, b *testpgbouncer.Server) bool {
	t.Helper()
	c, err := console.Open(t.Context(), b.Console("stats"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rows, err := c.Show(t.Context(), "DATABASES")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r["name"] == "shop" {
			return r["paused"] == "1"
		}
	}
	t.Fatalf("PgBouncer does not know shop: %v", rows)
	return false
}

func TestAControllerThatIsKilledInAPauseOfPgBouncerLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pg, dsn := withDatabase(t, h, 100)
	b := testpgbouncer.Start(t, pg, map[string]string{"shop": pg.Conn(t, dsn).Config().Database}, testpgbouncer.Settings{"pool_mode": "transaction"})
	h.behindPgBouncer(b, "stats")
	if code, out := h.run("deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml"); code != 2 || !strings.Contains(out, "add it to admin_users") {
		t.Errorf("a user who may not command PgBouncer: %d\n%s", code, out)
	}
	h.behindPgBouncer(b, "admin")
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "standby", func() bool { return h.view("shop-v2").State.Phase == release.Standby })

	// A transaction that takes its time keeps the pause from coming about.
	user := pg.Conn(t, b.DSN("shop")+"&default_query_exec_mode=simple_protocol")
	tx, err := user.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	h.must(0, "retire", "--detach", "shop")
	await(t, "a pause", func() bool { return stopped(t, b) })
	for _, p := range h.processes() {
		if p.is("serve") {
			kill(t, p.pid)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !stopped(t, b) {
		t.Fatal("the pause is over without anybody ending it: the test shows nothing")
	}
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "the end", func() bool { return h.view("shop-v2").State.Phase == release.Done })
	if stopped(t, b) {
		t.Error("clients of PgBouncer wait for ever")
	}
	if _, err := user.Exec(t.Context(), "SELECT count(email) FROM users"); err != nil {
		t.Errorf("a user of the pool was told: %v", err)
	}
	if out := h.must(0, "history", "shop-v2"); !strings.Contains(out, "resume-pool") || !strings.Contains(out, "PgBouncer's clients waited for") {
		t.Errorf("the record does not tell of it:\n%s", out)
	}
	h.must(0, "audit", "verify")
}
