package pooler

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/testkit"
)

// users send transactions through PgBouncer one after the other, until the
// test ends them.
type users struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	done   atomic.Int64
	failed atomic.Pointer[error]
}

func arrive(t *testing.T, n int, dsn string, transaction func(ctx context.Context, c *pgx.Conn) error) *users {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	u := &users{cancel: cancel}
	for range n {
		c := pg.Conn(t, dsn)
		u.all.Go(func() {
			for ctx.Err() == nil {
				if err := transaction(context.WithoutCancel(ctx), c); err != nil {
					u.failed.Store(&err)
					return
				}
				u.done.Add(1)
			}
		})
	}
	t.Cleanup(u.leave)
	return u
}

func (u *users) leave() {
	u.cancel()
	u.all.Wait()
}

// more waits until each has been served a few times more.
func (u *users) more(t *testing.T) {
	t.Helper()
	until := u.done.Load() + 40
	testkit.Await(t, "the users to be served", func() bool { return u.done.Load() >= until || u.failed.Load() != nil })
}

func TestUsersNoticeNothingOfAChangeThatIsMadeInAPause(t *testing.T) {
	t.Parallel()
	b := shop(t, transactions)
	direct := pg.Conn(t, pg.LoopbackDSN("postgres"))
	const table = "orders_of_users"
	for _, sql := range []string{"DROP TABLE IF EXISTS " + table, "CREATE TABLE " + table + " (id int, old text) WITH (autovacuum_enabled = off)", "INSERT INTO " + table + " VALUES (1, 'x')"} {
		if _, err := direct.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	u := arrive(t, 4, b.DSN("shop-1")+"&default_query_exec_mode=simple_protocol", func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SELECT id FROM "+table+" WHERE pg_sleep(0.005) IS NOT NULL"); err != nil {
			return err
		}
		return tx.Commit(ctx)
	})
	u.more(t)
	p, o := &Pools{}, order(b)
	o.Databases = []string{"shop-1"}
	if err := p.Pause(patient(t), o); err != nil {
		t.Fatal(err)
	}
	// Nobody holds a lock: it is had at once, or not at all.
	_, changed := direct.Exec(patient(t), "SET lock_timeout = '1ms'; ALTER TABLE "+table+" DROP COLUMN old")
	if err := p.Resume(patient(t), o); err != nil {
		t.Fatal(err)
	}
	if changed != nil {
		t.Errorf("in the pause the lock was not to be had: %v", changed)
	}
	u.more(t)
	u.leave()
	if err := u.failed.Load(); err != nil {
		t.Errorf("a user was told: %v", *err)
	}
}
