package rehearsal_test

import (
	"slices"
	"testing"

	"cutover/internal/rehearsal"
)

func TestEveryStatementIsRecordedWithItsLocksRewritesAndLosses(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	r := rehearse(t, plan(t, dsn, `ALTER TABLE users ADD COLUMN state text NOT NULL DEFAULT 'new';
		ALTER TABLE users ALTER COLUMN n TYPE bigint;
		CREATE INDEX orders_amount ON orders (amount);
		ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);
		ALTER TABLE users ALTER COLUMN email SET NOT NULL;
		CREATE INDEX CONCURRENTLY orders_both ON orders (user_id, amount);
		BEGIN; TRUNCATE orders; CREATE TABLE fresh (n int); COMMIT;
		ALTER TABLE users DROP COLUMN legacy;`))
	if r.Recorder.By != "event triggers and samples" || r.Clone.Way != rehearsal.Template || r.Steps[0].Error != "" {
		t.Fatalf("%s", r)
	}
	const users, orders, exclusive = "public.users", "public.orders", "AccessExclusiveLock"
	for part, want := range map[string][]rehearsal.Lock{
		"ADD COLUMN state":   {{Table: users, Mode: exclusive}},
		"TYPE bigint":        {{Table: users, Mode: exclusive}},
		"orders_amount":      {{Table: orders, Mode: "ShareLock"}},
		"FOREIGN KEY":        {{Table: orders, Mode: "ShareRowExclusiveLock"}, {Table: users, Mode: "ShareRowExclusiveLock"}},
		"SET NOT NULL":       {{Table: users, Mode: exclusive}},
		"DROP COLUMN":        {{Table: users, Mode: exclusive}},
		"CREATE TABLE fresh": nil,
	} {
		s := statement(t, r, part)
		for _, lock := range want {
			if !slices.Contains(s.Locks, lock) {
				t.Errorf("%s: locks %+v, want %+v", part, s.Locks, lock)
			}
		}
		if s.Tag == "" || s.Took <= 0 || len(want) == 0 && len(s.Locks) > 0 {
			t.Errorf("%s: %+v", part, s)
		}
	}
	if s := statement(t, r, "TYPE bigint"); !slices.Equal(s.Rewrote, []string{users}) {
		t.Errorf("rewrote %v", s.Rewrote)
	}
	if s := statement(t, r, "ADD COLUMN state"); len(s.Rewrote) != 0 {
		t.Errorf("a constant default rewrote %v", s.Rewrote)
	}
	if s := statement(t, r, "DROP COLUMN"); !slices.Contains(s.Dropped, "table column public.users.legacy") {
		t.Errorf("dropped %v", s.Dropped)
	}
	if s := statement(t, r, "orders_both"); slices.ContainsFunc(s.Locks, func(l rehearsal.Lock) bool { return l.Mode != "ShareUpdateExclusiveLock" && l.Table == orders }) {
		t.Errorf("a concurrent build locked %+v", s.Locks)
	}
	if u := table(t, r, users); !u.Rewritten || u.RewrittenBytes == 0 || u.Rows != 500 || u.Lock != exclusive || u.Blocks != "reads and writes" || u.Production < u.Bytes/2 {
		t.Errorf("users: %+v", u)
	}
	if o := table(t, r, orders); o.Lock != exclusive || !o.Rewritten {
		t.Errorf("the emptied table: %+v", o)
	}
	if got := ids(r); !slices.Contains(got, "table-emptied") || !slices.Contains(got, "dropped-column") || r.Verdict != rehearsal.Destructive {
		t.Errorf("%s because of %v", r.Verdict, got)
	}
}

func TestAMigrationThatOnlyAddsIsCompatible(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	r := rehearse(t, plan(t, dsn, `SET lock_timeout = '1s'; ALTER TABLE users ADD COLUMN state text DEFAULT 'new'; CREATE TABLE flags (id int PRIMARY KEY, user_id bigint REFERENCES users (id));
		CREATE INDEX CONCURRENTLY users_state ON users (state);`,
		"INSERT INTO users (name) VALUES ($1)", "SELECT id, name FROM users WHERE email = $1"))
	if r.Verdict != rehearsal.Compatible || r.Statements.Proven != 2 {
		t.Errorf("%s", r)
	}
	if n := count(t, dsn, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'state'"); n != 0 {
		t.Error("the rehearsal has changed the database in use")
	}
}

func TestAMigrationThatFailsHalfwayProvesNothingAndSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	r := rehearse(t, plan(t, dsn, `ALTER TABLE orders DROP COLUMN amount;
		BEGIN; ALTER TABLE users ADD COLUMN lost text; ALTER TABLE nothing ADD COLUMN x int; COMMIT;`))
	if r.Verdict != rehearsal.Failed || !slices.Contains(ids(r), "does-not-run") || !slices.Contains(ids(r), "dropped-column") {
		t.Errorf("%s", r)
	}
	// What was taken back may have been sampled; more is not known of it.
	events := slices.DeleteFunc(slices.Clone(r.Steps[0].Statements), func(s rehearsal.Statement) bool { return s.Sampled })
	if r.Steps[0].Error == "" || len(events) != 1 || events[0].Dropped == nil {
		t.Errorf("the step is %+v", r.Steps[0])
	}
	if !slices.ContainsFunc(r.Recorder.Blind, func(b string) bool { return b[0] >= '1' && b[0] <= '9' }) {
		t.Errorf("that events were taken back is not told: %v", r.Recorder.Blind)
	}
}

func TestWhatADataMigrationWritesIsCounted(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	r := rehearse(t, plan(t, dsn, "UPDATE users SET n = 1 WHERE id <= 300; DELETE FROM orders WHERE id <= 7; INSERT INTO orders (amount) VALUES (1), (2)"))
	if u := table(t, r, "public.users"); u.Updated != 300 || u.Lock != "" {
		t.Errorf("users: %+v", u)
	}
	if o := table(t, r, "public.orders"); o.Deleted != 7 || o.Inserted != 2 {
		t.Errorf("orders: %+v", o)
	}
	if got := ids(r); !slices.Equal(got, []string{"rows-deleted"}) {
		t.Errorf("%v", got)
	}
}

func TestALockThatIsHeldLongIsToldWithItsLengthOnProduction(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	p := plan(t, dsn, "")
	p.Notice = 1
	p.Steps = script(t, "BEGIN; ALTER TABLE users ADD COLUMN a int; SELECT pg_sleep(0.4); COMMIT; BEGIN; LOCK TABLE orders; SELECT pg_sleep(0.4); COMMIT")
	r := rehearse(t, p)
	for _, name := range []string{"public.users", "public.orders"} {
		if got := table(t, r, name); got.Held < 300 || got.Lock != "AccessExclusiveLock" {
			t.Errorf("%s: held for %d ms by %q", name, got.Held, got.Lock)
		}
	}
	if got := ids(r); !slices.Equal(got, []string{"long-lock"}) || r.Verdict != rehearsal.NeedsCare {
		t.Errorf("%s", r)
	}
}
