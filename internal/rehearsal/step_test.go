package rehearsal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/release"
	"cutover/internal/schema"
	"cutover/internal/schema/native"
	"cutover/internal/schema/postgres"
)

// stages carries out one change by the engine of releases.
type stages struct {
	engine *postgres.Engine
	change schema.Change
}

func (s stages) Expand(ctx context.Context) error { return s.engine.Expand(ctx, s.change) }
func (s stages) Backfill(ctx context.Context) error {
	return s.engine.Backfill(ctx, s.change, schema.Position{}, nil)
}
func (s stages) Contract(ctx context.Context) error { return s.engine.Contract(ctx, s.change) }

func TestADeclarativeChangeIsCompatibleUntilContract(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	change := schema.Change{Name: "shorter", Operations: []schema.Operation{
		schema.AlterColumn{Table: "users", Column: "legacy", Type: "varchar(5)", Up: "left(legacy, 5)", Down: "legacy", As: "label"},
	}}
	p := plan(t, dsn, "", "SELECT legacy FROM users", "INSERT INTO users (name, legacy) VALUES ($1, $2)")
	p.Steps = rehearsal.Declarative(func(dsn string) (rehearsal.Stages, error) {
		return stages{&postgres.Engine{Open: func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, dsn) }, Patience: 4 * time.Minute}, change}, nil
	})
	r := rehearse(t, p)
	if r.Verdict != rehearsal.Compatible || len(r.Steps) != 3 || r.Statements.Proven != 2 {
		t.Errorf("%s", r)
	}
	if !slices.ContainsFunc(r.Reasons, func(r rehearsal.Reason) bool { return r.ID == "dropped-column" && r.Later }) {
		t.Errorf("what contract takes away is not told: %s", r)
	}
	if u := table(t, r, "public.users"); u.Updated != 500 || u.Lock != "AccessExclusiveLock" {
		t.Errorf("users: %+v", u)
	}
}

// program is a migration program that gets its database by a variable.
func program(dsn, variable, value, script string) rehearsal.Native {
	return rehearsal.Native{
		Command:   native.Command{Args: []string{"sh", "-c", script}, Env: []string{variable + "=" + value, "APP=shop"}},
		Variables: []string{variable}, Production: backup.Source{URL: dsn}, Budget: budget,
	}
}

func TestAMigrationProgramIsSentToTheCloneByWhateverVariableItReads(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	name := strings.TrimPrefix(dsn[:strings.Index(dsn, "?")], "postgres:///")
	const add = ` -X -q -c "ALTER TABLE users ADD COLUMN a int" && echo "on $PGDATABASE"`
	for value, script := range map[string]string{
		dsn:                                     `psql "$DB"` + add,
		"postgresql+psycopg2" + dsn[8:]:         `psql "postgres${DB#postgresql+psycopg2}"` + add,
		"jdbc:" + dsn:                           `psql "${DB#jdbc:}"` + add,
		"dbname=" + name + " connect_timeout=5": `psql "$DB"` + add,
		name:                                    `psql "$DB"` + add,
	} {
		p := plan(t, dsn, "")
		p.Steps = []rehearsal.Step{program(dsn, "DB", value, script).Step("upgrade")}
		r := rehearse(t, p)
		if r.Verdict != rehearsal.Compatible || !strings.HasPrefix(r.Steps[0].Output, "on "+rehearsal.Prefix) || len(r.Steps[0].Statements) != 1 {
			t.Errorf("%s: %s\n%+v", value, r, r.Steps)
		}
	}
	if n := count(t, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'a'"); n != 0 {
		t.Error("the database in use was changed")
	}
}

func TestTheReasonHasTheLastWordsOfAProgramThatGaveUp(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	p := plan(t, dsn, "")
	p.Steps = []rehearsal.Step{program(dsn, "DB", dsn, "echo loading >&2; echo 'the key does not fit: hand over the old one' >&2; exit 1").Step("upgrade")}
	r := rehearse(t, p)
	if r.Verdict != rehearsal.Failed || len(r.Reasons) == 0 || !strings.HasPrefix(r.Reasons[0].Why, "the key does not fit: hand over the old one;") {
		t.Errorf("%s", r)
	}
}

func TestAProgramThatMayReachTheDatabaseInUseIsRefusedOrFoundOut(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	marker := filepath.Join(t.TempDir(), "ran")
	hidden := program(dsn, "DB", dsn, "touch "+marker)
	hidden.Command.Env = append(hidden.Command.Env, "REPLICA="+dsn)
	p := plan(t, dsn, "")
	p.Steps = []rehearsal.Step{hidden.Step("upgrade")}
	if r := rehearse(t, p); r.Verdict != rehearsal.Failed || !strings.Contains(r.Steps[0].Error, "variable REPLICA leads to the database that is in use") {
		t.Errorf("%s", r)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("it was run all the same")
	}
	p.Steps = []rehearsal.Step{program(dsn, "DB", dsn, "psql -X -c 'SELECT 1' '"+dsn+"'").Step("upgrade")}
	if r := rehearse(t, p); r.Verdict != rehearsal.Failed || !strings.Contains(r.Steps[0].Error, "it never connected to the clone") {
		t.Errorf("%s", r)
	}
}

// shopChecks is the smoke test of a shop: each version's code does its work on
// the database it is given.
type shopChecks struct {
	works map[rehearsal.Code]string
	calls *[]string
}

func (c shopChecks) Check(ctx context.Context, code rehearsal.Code, clone backup.Source) ([]release.CheckResult, error) {
	conn, err := clone.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	*c.calls = append(*c.calls, string(code))
	result := release.CheckResult{Name: "buy", Passed: true, Attempts: 1}
	if _, err := conn.Exec(ctx, c.works[code]); err != nil {
		result.Passed, result.Evidence = false, err.Error()
	}
	return []release.CheckResult{result, {Name: "never works", Attempts: 1}}, nil
}

func TestOldAndNewCodeAreCheckedAgainstTheClone(t *testing.T) {
	t.Parallel()
	const must = "ALTER TABLE orders ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID; ALTER TABLE orders ADD COLUMN note text"
	for _, c := range []struct {
		old, new, want string
	}{
		{"INSERT INTO orders (amount) VALUES (0)", "INSERT INTO orders (amount, note) VALUES (1, 'n')", "old-check-failed"},
		{"INSERT INTO orders (amount) VALUES (2)", "INSERT INTO orders (amount, text) VALUES (1, 'n')", "new-check-failed"},
		{"INSERT INTO orders (nothing) VALUES (0)", "SELECT note FROM orders", ""},
	} {
		var calls []string
		p := plan(t, database(t, shop), must)
		p.Smoke = shopChecks{map[rehearsal.Code]string{rehearsal.Old: c.old, rehearsal.New: c.new}, &calls}
		r := rehearse(t, p)
		got := slices.DeleteFunc(ids(r), func(id string) bool { return !strings.HasSuffix(id, "check-failed") })
		// What fails for new code on every database is its fault; what failed
		// for old code before is no evidence.
		want := slices.DeleteFunc([]string{c.want, "new-check-failed"}, func(id string) bool { return id == "" })
		slices.Sort(want)
		if !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("%+v: found %v, want %v\n%s", c, got, want, r)
		}
		if fmt.Sprint(calls) != "[old old new]" || len(r.Checks) != 6 {
			t.Errorf("called %v, %d results", calls, len(r.Checks))
		}
	}
}

func TestTheWayBackIsRehearsedToo(t *testing.T) {
	t.Parallel()
	for down, want := range map[string][]string{
		"ALTER TABLE users DROP COLUMN a":                                             nil,
		"ALTER TABLE users DROP COLUMN a, DROP COLUMN legacy, ADD COLUMN legacy text": {"not-taken-back"},
	} {
		p := plan(t, database(t, shop), "ALTER TABLE users ADD COLUMN a int", "SELECT legacy FROM users")
		back := script(t, down)[0]
		back.Name, back.Back = "downgrade", true
		p.Steps = append(p.Steps, back)
		if r := rehearse(t, p); !slices.Equal(ids(r), want) || r.Statements.Proven != 1 || len(r.Steps) != 2 {
			t.Errorf("%s: %v\n%s", down, ids(r), r)
		}
	}
}

func TestAPlanThatCannotBeRehearsedIsAnError(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	for want, p := range map[string]rehearsal.Plan{
		"there is nothing to run":            {Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}}},
		"on which server":                    {Steps: script(t, "SELECT 1")},
		"there is no way \"magic\"":          {Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}, Way: "magic"}, Steps: script(t, "SELECT 1")},
		"nobody says which backup":           {Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}, Way: rehearsal.FromBackup}, Steps: script(t, "SELECT 1")},
		"the time for the rehearsal is over": {Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}}, Steps: script(t, "SELECT pg_sleep(600)"), Timeout: 1500 * time.Millisecond},
	} {
		if _, err := rehearsal.Run(within(t), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to say %q", err, want)
		}
	}
}
