package rehearsal_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

func TestADatabaseInUseIsClonedByDumpAndWhoStandsInTheWayIsTold(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	user := pg.Conn(t, dsn)
	if _, err := user.Exec(within(t), "BEGIN; SELECT count(*) FROM users; UPDATE orders SET amount = 0"); err != nil {
		t.Fatal(err)
	}
	p := plan(t, dsn, "ALTER TABLE users ADD COLUMN a int; CREATE INDEX i ON orders (amount)")
	p.Origin.Way = rehearsal.Template
	if _, err := rehearsal.Run(within(t), p); !errors.Is(err, rehearsal.ErrInUse) {
		t.Errorf("%v; want it refused while somebody is connected", err)
	}
	p.Origin.Way = rehearsal.Fitting
	watch := pg.Conn(t, pg.DSN("postgres"))
	// The session counts as one that lingers when it is five seconds old.
	testkit.Await(t, "the session to be old", func() bool {
		var old bool
		err := watch.QueryRow(within(t), "SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'idle in transaction' AND xact_start < now() - interval '5.2 s'", user.PgConn().PID()).Scan(&old)
		return err == nil && old
	})
	r := rehearse(t, p)
	if r.Clone.Way != rehearsal.Dump || !slices.Equal(ids(r), []string{"blocked-by-session"}) || r.Verdict != rehearsal.NeedsCare {
		t.Fatalf("%s", r)
	}
	var evidence string
	for _, reason := range r.Reasons {
		evidence += strings.Join(reason.Evidence, "\n") + reason.What
	}
	for _, want := range []string{"idle in transaction", "holds AccessShareLock", "public.users", "holds RowExclusiveLock", "public.orders"} {
		if !strings.Contains(evidence, want) {
			t.Errorf("the evidence lacks %q: %s", want, evidence)
		}
	}
	if table(t, r, "public.users").Rows != 500 {
		t.Errorf("%+v", r.Tables)
	}
	if _, err := user.Exec(within(t), "COMMIT"); err != nil {
		t.Errorf("the user was disturbed: %v", err)
	}
}

func TestABackupIsRehearsedOnToo(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	f := backup.Folder{Path: t.TempDir()}
	b, err := f.Take(within(t), backup.Source{URL: dsn})
	if err != nil {
		t.Fatal(err)
	}
	// The database has grown since: what was measured on the backup is not
	// what production will take.
	run(t, dsn, "INSERT INTO users (name, email) SELECT 'm' || i, 'm' || i FROM generate_series(1, 20000) i; ANALYZE users")
	p := plan(t, dsn, "ALTER TABLE users ALTER COLUMN n TYPE bigint")
	p.Origin.Backup, p.Origin.Folder = &b, f
	r := rehearse(t, p)
	u := table(t, r, "public.users")
	if r.Clone.Way != rehearsal.FromBackup || u.Rows != 500 || u.Production < 10*u.Bytes {
		t.Errorf("%+v\n%s", u, r)
	}
	if s := statement(t, r, "TYPE bigint"); s.Took > 5 && s.Expected < 10*s.Took {
		t.Errorf("%.2f ms here are expected to be %.2f ms there", s.Took, s.Expected)
	}
	p.Origin.Production, p.Origin.Server = backup.Source{}, backup.Source{URL: pg.DSN("postgres")}
	r = rehearse(t, p)
	if u := table(t, r, "public.users"); u.Production != -1 || !slices.ContainsFunc(r.Recorder.Blind, func(b string) bool { return strings.Contains(b, "sizes and sessions") }) {
		t.Errorf("without the database in use: %+v, %v", u, r.Recorder.Blind)
	}
}

func TestAPlainRoleSamplesAndSaysWhatItCannotSee(t *testing.T) {
	t.Parallel()
	dsn := pg.NewDatabase(t)
	name := strings.TrimPrefix(dsn[:strings.Index(dsn, "?")], "postgres:///")
	run(t, dsn, "DO $$ BEGIN CREATE ROLE plain LOGIN CREATEDB; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
	run(t, dsn, "ALTER DATABASE "+name+" OWNER TO plain; GRANT ALL ON SCHEMA public TO plain; ALTER DATABASE "+name+" SET search_path = public, pg_temp")
	as := strings.Replace(dsn, "user=postgres", "user=plain", 1)
	run(t, as, shop)
	r := rehearse(t, plan(t, as, `BEGIN; ALTER TABLE users ADD COLUMN a int; SELECT pg_sleep(0.5); COMMIT;
		ALTER TABLE users ALTER COLUMN n TYPE bigint; ALTER TABLE orders DROP COLUMN amount`, "SELECT amount FROM orders"))
	if r.Recorder.By != "samples" || len(r.Recorder.Blind) < 4 || r.Recorder.Samples < 5 {
		t.Errorf("recorded by %+v", r.Recorder)
	}
	u := table(t, r, "public.users")
	if u.Lock != "AccessExclusiveLock" || u.Held < 300 || !u.Rewritten {
		t.Errorf("users: %+v", u)
	}
	if s := r.Steps[0].Statements; len(s) == 0 || !s[0].Sampled {
		t.Errorf("statements: %+v", s)
	}
	if got := ids(r); !slices.Contains(got, "dropped-column") || !slices.Contains(got, "statement-broken") || !slices.Contains(got, "type-widened") {
		t.Errorf("found %v", got)
	}
}

func TestASessionLeftOnTheCloneHoldsUpNothingForEver(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	p := plan(t, dsn, "ALTER TABLE users ADD COLUMN a int")
	var session *pgx.Conn
	left := rehearsal.Step{Name: "leaves a session", Run: func(ctx context.Context, clone backup.Source) (string, error) {
		address, err := clone.DSN()
		if err != nil {
			return "", err
		}
		if session, err = pgx.Connect(ctx, address); err != nil {
			return "", err
		}
		_, err = session.Exec(ctx, "BEGIN; SELECT count(*) FROM users")
		return "", err
	}}
	p.Steps = append([]rehearsal.Step{left}, p.Steps...)
	r := rehearse(t, p)
	if r.Verdict != rehearsal.Failed || !strings.Contains(r.Steps[1].Error, "lock could not be had within the budget") {
		t.Errorf("%s", r)
	}
	if err := session.Ping(within(t)); err == nil {
		t.Error("the session outlived the clone")
	}
}

func TestACloneOnAServerOfItsOwnTakesTheProgramThere(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	spare := postgres.New(t, postgres.Settings{})
	p := plan(t, dsn, "")
	p.Origin.Server = backup.Source{URL: spare.DSN("postgres")}
	p.Steps = []rehearsal.Step{program(dsn, "DB", dsn, `psql -X -q "$DB" -c "ALTER TABLE users DROP COLUMN legacy" && psql -X -q -c "CREATE TABLE two (n int)"`).Step("upgrade")}
	r, err := rehearsal.Run(within(t), p)
	if err != nil || r.Clone.Way != rehearsal.Dump || r.Clone.Owners || !slices.Equal(ids(r), []string{"dropped-column"}) || len(r.Steps[0].Statements) != 2 {
		t.Errorf("%v\n%s", err, r)
	}
	var left int
	if err := spare.Conn(t, spare.DSN("postgres")).QueryRow(within(t), "SELECT count(*) FROM pg_database WHERE datname LIKE 'cutover%'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d clones are left: %v", left, err)
	}
}

func TestWhoMayNotSignInAtTheDatabaseMayNotAtTheClone(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	name := strings.TrimPrefix(dsn[:strings.Index(dsn, "?")], "postgres:///")
	trusted, stranger := "trusted_"+name, "stranger_"+name
	run(t, dsn, "CREATE ROLE "+trusted+" LOGIN; CREATE ROLE "+stranger+" LOGIN; REVOKE ALL ON DATABASE "+name+" FROM PUBLIC; GRANT CONNECT ON DATABASE "+name+" TO "+trusted+"; ALTER DATABASE "+name+" SET search_path = app, public")
	p := plan(t, dsn, "SELECT 1")
	look := rehearsal.Step{Name: "look", Run: func(ctx context.Context, clone backup.Source) (string, error) {
		conn, err := clone.Connect(ctx)
		if err != nil {
			return "", err
		}
		defer func() { _ = conn.Close(ctx) }()
		var said string
		err = conn.QueryRow(ctx, `SELECT concat_ws(' ', has_database_privilege($1, current_database(), 'CONNECT'), has_database_privilege($2, current_database(), 'CONNECT'), current_setting('search_path'))`, trusted, stranger).Scan(&said)
		return said, err
	}}
	p.Steps = []rehearsal.Step{look}
	for _, way := range []rehearsal.Way{rehearsal.Template, rehearsal.Dump} {
		p.Origin.Way = way
		if r := rehearse(t, p); r.Steps[0].Output != "t f app, public" {
			t.Errorf("by %s: %q", way, r.Steps[0].Output)
		}
	}
}
