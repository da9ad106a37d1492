//go:build alembic

package rehearsal_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/schema/native"
)

// alembic returns a command of the project in testdata, on a database. The
// program is made by scripts/alembic.
func alembic(t *testing.T, dsn string, args ...string) native.Command {
	t.Helper()
	program := os.Getenv("CUTOVER_ALEMBIC")
	if program == "" {
		t.Fatal("CUTOVER_ALEMBIC does not say where Alembic is: run make test-alembic")
	}
	dir, err := filepath.Abs("testdata/alembic")
	if err != nil {
		t.Fatal(err)
	}
	return native.Command{Args: append([]string{program}, args...), Dir: dir,
		Env: []string{"PYTHONDONTWRITEBYTECODE=1", "DATABASE_URL=" + strings.Replace(dsn, "postgres:", "postgresql+psycopg2:", 1)}}
}

func migration(t *testing.T, dsn, from, to string) native.Migration {
	t.Helper()
	return native.Migration{Upgrade: alembic(t, dsn, "upgrade", to), Downgrade: alembic(t, dsn, "downgrade", from), Head: alembic(t, dsn, "current"), From: from, To: to}
}

// standing makes a database of the first revision with people in it.
func standing(t *testing.T) string {
	t.Helper()
	dsn := pg.NewDatabase(t)
	if _, err := migration(t, dsn, "", "0001").Up(within(t), budget); err != nil {
		t.Fatal(err)
	}
	run(t, dsn, `INSERT INTO users (username, legacy) SELECT 'user' || i, 'x' FROM generate_series(1, 400) i; INSERT INTO orders (user_id) SELECT id FROM users`)
	return dsn
}

func TestAlembicGoesUpAndDownAndSaysWhereItIs(t *testing.T) {
	t.Parallel()
	dsn := standing(t)
	m := migration(t, dsn, "0001", "0003")
	r, err := m.Up(within(t), budget)
	if err != nil || r.Before != "0001" || r.After != "0003 (head)" {
		t.Fatalf("up: %+v, %v", r, err)
	}
	if r, err = m.Up(within(t), budget); err != nil || !r.Already {
		t.Errorf("up again: %+v, %v", r, err)
	}
	if n := count(t, dsn, "SELECT count(*) FROM users WHERE email = username || '@example.com'"); n != 400 {
		t.Errorf("%d users got an address", n)
	}
	if r, err = m.Down(within(t), budget); err != nil || r.After != "0001" {
		t.Errorf("down: %+v, %v", r, err)
	}
	if n := count(t, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name IN ('email', 'legacy')"); n != 1 {
		t.Errorf("%d of the two columns are there after the downgrade", n)
	}
	if _, err = migration(t, dsn, "0002", "0003").Up(within(t), budget); !errors.Is(err, native.ErrHead) {
		t.Errorf("from another revision: %v", err)
	}
}

func TestAlembicStopsWithinTheLockBudgetAndNothingIsHalfDone(t *testing.T) {
	t.Parallel()
	b := budget
	b.LockTimeout = 200 * time.Millisecond
	dsn := standing(t)
	if _, err := pg.Conn(t, dsn).Exec(within(t), "BEGIN; SELECT * FROM users"); err != nil {
		t.Fatal(err)
	}
	if r, err := migration(t, dsn, "0001", "0002").Up(within(t), b); !errors.Is(err, native.ErrLockBudget) || r.After != "0001" {
		t.Errorf("%+v, %v; want it out of the lock budget at 0001", r, err)
	}
}

// rehearsed rehearses an upgrade of the project.
func rehearsed(t *testing.T, dsn, to string, statements ...string) rehearsal.Report {
	t.Helper()
	return rehearse(t, rehearsal.Plan{
		Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}}, Old: old(statements...), Notice: 1e12,
		Steps: []rehearsal.Step{rehearsal.Native{Command: alembic(t, dsn, "upgrade", to), Variables: []string{"DATABASE_URL"},
			Production: backup.Source{URL: dsn}, Budget: budget}.Step("alembic")},
	})
}

func TestARevisionOfAlembicIsRehearsed(t *testing.T) {
	t.Parallel()
	dsn := standing(t)
	r := rehearsed(t, dsn, "0002", "INSERT INTO users (username) VALUES ($1)", "SELECT legacy FROM users")
	if got := ids(r); !slices.Equal(got, []string{"foreign-key-added"}) || r.Statements.Proven != 2 {
		t.Errorf("found %v\n%s", got, r)
	}
	u := table(t, r, "public.users")
	if u.Updated != 400 || u.Lock != "AccessExclusiveLock" || u.Held < 20 {
		t.Errorf("users: %+v", u)
	}
	add, fk := statement(t, r, "ADD COLUMN email"), statement(t, r, "FOREIGN KEY")
	if add.Took > float64(u.Held) || !slices.Contains(add.Locks, rehearsal.Lock{Table: "public.users", Mode: "AccessExclusiveLock"}) {
		t.Errorf("the lock of %+v is not held to the end: %+v", add, u)
	}
	if !slices.Contains(fk.Locks, rehearsal.Lock{Table: "public.orders", Mode: "ShareRowExclusiveLock"}) {
		t.Errorf("the foreign key locked %+v", fk.Locks)
	}
	if n := count(t, dsn, "SELECT count(*) FROM alembic_version WHERE version_num = '0001'"); n != 1 {
		t.Error("the database in use was migrated")
	}
}

func TestADestructiveRevisionOfAlembicIsFoundWithItsEvidence(t *testing.T) {
	t.Parallel()
	r := rehearsed(t, standing(t), "head", "INSERT INTO users (username) VALUES ($1)", "SELECT legacy FROM users")
	want := []string{"dropped-column", "foreign-key-added", "statement-broken", "type-narrowed"}
	if got := ids(r); !slices.Equal(got, want) || r.Verdict != rehearsal.Destructive {
		t.Errorf("found %v, want %v\n%s", got, want, r)
	}
	if s := statement(t, r, "DROP COLUMN legacy"); !slices.Contains(s.Dropped, "table column public.users.legacy") {
		t.Errorf("%+v", s)
	}
}
