package backup_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cutover/internal/backup"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"verify": verifyUntilKilled}, pg.Stop)
}

// shop makes a database with everything that is easily lost.
func shop(t *testing.T) (dsn string) {
	t.Helper()
	dsn = pg.NewDatabase(t)
	run(t, dsn, `CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL, r int, price double precision, at timestamptz DEFAULT now(),
			raw bytea, doc jsonb, tags text[], twice bigint GENERATED ALWAYS AS (id * 2) STORED);
		INSERT INTO users (name, r, price, raw, doc, tags) SELECT 'name ' || n, n, 1.0 / n, decode('00ff', 'hex'), '{"a": 1}', '{x,NULL,"y z"}' FROM generate_series(1, 500) n;
		CREATE SCHEMA "Odd ""one";
		CREATE TABLE "Odd ""one"."Größe" (t text); INSERT INTO "Odd ""one"."Größe" VALUES (NULL), (''), ('ä');
		CREATE TABLE hollow (); INSERT INTO hollow DEFAULT VALUES;
		CREATE TABLE logs (y int, m text) PARTITION BY LIST (y);
		CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1); INSERT INTO logs VALUES (1, 'one');
		ALTER TABLE users ADD COLUMN gone int; ALTER TABLE users DROP COLUMN gone;
		CREATE VIEW cheap AS SELECT * FROM users WHERE price < 1;
		SELECT lo_from_bytea(0, 'large');`)
	return dsn
}

func run(t *testing.T, dsn, sql string) {
	t.Helper()
	if _, err := pg.Conn(t, dsn).Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, dsn, sql string) (n int) {
	t.Helper()
	if err := pg.Conn(t, dsn).QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func take(t *testing.T, f backup.Folder, dsn string) backup.Backup {
	t.Helper()
	b, err := f.Take(context.Background(), backup.Source{URL: dsn})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// server is where scratch databases are made.
func server() backup.Source { return backup.Source{URL: pg.DSN("postgres")} }

// programs makes a folder with a pg_dump and pg_restore that are shell scripts;
// the script finds the real one in $real.
func programs(t *testing.T, script string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"pg_dump", "pg_restore"} {
		path := realProgram(t, name)
		text := fmt.Sprintf("#!/bin/sh\nreal='%s'\n%s\n", path, script)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func realProgram(t *testing.T, name string) string {
	t.Helper()
	pg.NewDatabase(t)
	major := count(t, pg.DSN("postgres"), "SELECT current_setting('server_version_num')::int / 10000")
	if path := fmt.Sprintf("/usr/lib/postgresql/%d/bin/%s", major, name); exists(path) {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// fails checks that an error says what it must, and no more than it may.
func fails(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("it worked; want an error that says %q", want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v; want it to say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "horse") {
		t.Errorf("the error tells the password: %v", err)
	}
}

const secret = "correct horse battery"

// guarding admits one test at a time to the server's rules for signing in.
var guarding sync.Mutex
