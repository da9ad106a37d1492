package rehearsal_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/schema/native"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg = postgres.Server{}

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"rehearse": rehearseUntilKilled}, pg.Stop)
}

var budget = native.Budget{LockTimeout: time.Second, Timeout: time.Minute}

// within returns a context that outlives everything but a hang.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

const shop = `CREATE TYPE mood AS ENUM ('sad', 'ok');
	CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL, email varchar(50), n int NOT NULL DEFAULT 0, feels mood, legacy text);
	CREATE UNIQUE INDEX users_email ON users (email);
	CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint, amount int);
	CREATE VIEW names AS SELECT id, name FROM users;
	INSERT INTO users (name, email, legacy) SELECT 'n' || i, i || '@example.com', 'x' FROM generate_series(1, 500) i;
	INSERT INTO orders (user_id, amount) SELECT i, i FROM generate_series(1, 200) i;`

// database makes a database with nobody connected to it.
func database(t *testing.T, sql string) string {
	t.Helper()
	dsn := pg.NewDatabase(t)
	run(t, dsn, sql)
	return dsn
}

// run runs statements and leaves nobody connected.
func run(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(within(t), dsn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(within(t), sql)
	if closed := conn.Close(within(t)); err != nil || closed != nil {
		t.Fatalf("%s: %v, %v", sql, err, closed)
	}
}

func count(t *testing.T, dsn, sql string) (n int) {
	t.Helper()
	if err := pg.Conn(t, dsn).QueryRow(within(t), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// script writes a file of SQL and returns the step that runs it.
func script(t *testing.T, sql string) []rehearsal.Step {
	t.Helper()
	path := filepath.Join(t.TempDir(), "up.sql")
	if err := os.WriteFile(path, []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	return []rehearsal.Step{rehearsal.Script{Path: path, Budget: budget}.Step("upgrade")}
}

// old makes usage of statements.
func old(texts ...string) []rehearsal.Usage {
	u := rehearsal.Usage{From: "a test"}
	for _, text := range texts {
		u.Statements = append(u.Statements, rehearsal.OldStatement{Text: text})
	}
	return []rehearsal.Usage{u}
}

func plan(t *testing.T, dsn, sql string, statements ...string) rehearsal.Plan {
	t.Helper()
	return rehearsal.Plan{Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}}, Steps: script(t, sql), Old: old(statements...)}
}

// rehearse runs a plan and looks that no clone is left.
func rehearse(t *testing.T, p rehearsal.Plan) rehearsal.Report {
	t.Helper()
	var clone string
	p.Steps = slices.Clone(p.Steps)
	for i, step := range p.Steps {
		p.Steps[i].Run = func(ctx context.Context, s backup.Source) (string, error) {
			name, err := s.Name()
			if err != nil {
				return "", err
			}
			clone = name
			return step.Run(ctx, s)
		}
	}
	r, err := rehearsal.Run(within(t), p)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	if !strings.HasPrefix(clone, rehearsal.Prefix) || databases(t, clone) != 0 {
		t.Errorf("the clone %q was not dropped", clone)
	}
	if data, err := r.Encode(); err != nil {
		t.Error(err)
	} else if again, err := rehearsal.Decode(data); err != nil || again.String() != r.String() {
		t.Errorf("written and read again the report is another: %v\n%s\n%s", err, again, r)
	}
	return r
}

func databases(t *testing.T, like string) int {
	t.Helper()
	return count(t, pg.DSN("postgres"), "SELECT count(*) FROM pg_database WHERE datname LIKE '"+like+"'")
}

// ids returns the ids of the reasons that count, but for those nobody need
// look at.
func ids(r rehearsal.Report) []string {
	var list []string
	for _, reason := range r.Reasons {
		if !reason.Later && reason.Verdict > rehearsal.Compatible && !slices.Contains(list, reason.ID) {
			list = append(list, reason.ID)
		}
	}
	slices.Sort(list)
	return list
}

func table(t *testing.T, r rehearsal.Report, name string) rehearsal.Table {
	t.Helper()
	for _, table := range r.Tables {
		if table.Name == name {
			return table
		}
	}
	t.Errorf("%s is not among the tables of\n%s", name, r)
	return rehearsal.Table{}
}

func statement(t *testing.T, r rehearsal.Report, part string) rehearsal.Statement {
	t.Helper()
	for _, step := range r.Steps {
		for _, s := range step.Statements {
			if strings.Contains(s.Text, part) {
				return s
			}
		}
	}
	t.Errorf("no statement has %q in %+v", part, r.Steps)
	return rehearsal.Statement{}
}
