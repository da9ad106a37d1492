package rehearsal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

// texts joins the statements of a usage.
func texts(u rehearsal.Usage) string {
	var list []string
	for _, s := range u.Statements {
		list = append(list, s.Text)
	}
	return strings.Join(list, "\n")
}

func TestStatementsComeFromWhatTheServerCollectsAndFromEveryKindOfLog(t *testing.T) {
	t.Parallel()
	server := postgres.New(t, postgres.Settings{Config: map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "log_statement": "all", "logging_collector": "on",
		"log_filename": "pg.log", "log_destination": "stderr,csvlog,jsonlog",
	}})
	dsn, elsewhere := server.NewDatabase(t), server.NewDatabase(t)
	conn := server.Conn(t, dsn)
	var logs string
	if err := conn.QueryRow(within(t), "SELECT current_setting('data_directory') || '/log'").Scan(&logs); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(within(t), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rehearsal.Observed(within(t), backup.Source{URL: dsn}); !errors.Is(err, rehearsal.ErrNoStatements) {
		t.Errorf("%v; want it to say what is missing", err)
	}
	exec("CREATE EXTENSION pg_stat_statements; CREATE SCHEMA app; CREATE TABLE app.users (id int, legacy text); CREATE TABLE app.big (n int)")
	exec("SET search_path = app")
	exec("SELECT legacy\n\tFROM users\nWHERE id = $1", 1)
	exec("UPDATE users SET legacy = 'a' WHERE id = 1")
	exec("UPDATE users SET legacy = 'b' WHERE id = 2")
	if _, err := server.Conn(t, elsewhere).Exec(context.Background(), "SELECT 'elsewhere'"); err != nil {
		t.Fatal(err)
	}
	u, err := rehearsal.Observed(within(t), backup.Source{URL: dsn})
	if err != nil || !strings.Contains(texts(u), "UPDATE users SET legacy = $1 WHERE id = $2") || strings.Contains(texts(u), "CREATE") {
		t.Errorf("%v: %s", err, texts(u))
	}
	name := dsn[strings.LastIndex(dsn, "/")+1 : strings.Index(dsn, "?")]
	for _, file := range []string{"pg.log", "pg.csv", "pg.json"} {
		path := filepath.Join(logs, file)
		testkit.Await(t, "the log "+file, func() bool {
			data, err := os.ReadFile(path)
			return err == nil && strings.Contains(string(data), "elsewhere")
		})
		u, err := rehearsal.Logged(path, name)
		if err != nil {
			t.Fatal(err)
		}
		got := texts(u)
		if !strings.Contains(got, "SELECT legacy\n\tFROM users\nWHERE id = $1") || strings.Count(got, "UPDATE users") != 1 {
			t.Errorf("%s has\n%s", file, got)
		}
		if file != "pg.log" && strings.Contains(got, "elsewhere") {
			t.Errorf("%s has statements of another database", file)
		}
	}
	// The role's own search_path is part of what a statement means.
	exec("ALTER ROLE postgres SET search_path = app")
	r, err := rehearsal.Run(within(t), rehearsal.Plan{
		Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}}, Steps: script(t, "ALTER TABLE app.users DROP COLUMN legacy"),
	})
	if err != nil || r.Statements.Broken != 2 || r.Clone.Way != rehearsal.Dump {
		t.Errorf("%v\n%s", err, r)
	}
}

func TestStatementsComeFromAFileOfSQL(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "old.sql")
	if err := os.WriteFile(path, []byte("SELECT ';' -- a; b\n;\n/* c; */ BEGIN; SELECT $x$;$x$ FROM \"a;b\"; INSERT INTO t VALUES (1)"), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := rehearsal.Listed(path)
	if err != nil || len(u.Statements) != 3 || u.Statements[1].Text != `SELECT $x$;$x$ FROM "a;b"` {
		t.Errorf("%v: %+v", err, u)
	}
}
