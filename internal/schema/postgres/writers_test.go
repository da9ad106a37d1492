package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/schema"
	"cutover/internal/testkit"
)

// crowd writes to the addresses of addressSplit as four old and four new
// programs, each to rows of its own, so that what must be there is known, and
// each in turn to a few shared ones, where only torn rows could show.
type crowd struct {
	dsn  string
	stop chan struct{}
	wg   sync.WaitGroup
	mu   sync.Mutex
	// want is the address of every row a writer owns; "" is a deleted one.
	want          map[int64]string
	errs          []error
	before, after atomic.Int64
	// newCode closes when new code may write.
	newCode chan struct{}
}

func (c *crowd) start(t *testing.T) {
	for i := range 8 {
		c.wg.Add(1)
		go func() {
			defer c.wg.Done()
			conn, err := pgx.Connect(context.Background(), c.dsn)
			if err == nil {
				err = c.write(conn, int64(i), i >= 4)
				_ = conn.Close(context.Background())
			}
			if err != nil {
				c.mu.Lock()
				c.errs = append(c.errs, err)
				c.mu.Unlock()
			}
		}()
	}
	t.Cleanup(func() { c.end() })
}

func (c *crowd) end() {
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.wg.Wait()
}

// write goes on until the crowd is stopped.
func (c *crowd) write(conn *pgx.Conn, writer int64, isNew bool) error {
	if isNew {
		select {
		case <-c.newCode:
		case <-c.stop:
			return nil
		}
	}
	random := rand.New(rand.NewPCG(uint64(writer), 7))
	var mine []int64
	for n := 0; ; n++ {
		select {
		case <-c.stop:
			return nil
		default:
		}
		street, number := fmt.Sprintf("Way of %d", writer), fmt.Sprint(n)
		if random.IntN(4) == 0 {
			number = ""
		}
		id, whole, err := c.one(conn, random, &mine, isNew, street, number)
		if retryable(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("writer %d: %w", writer, err)
		}
		if isNew {
			c.after.Add(1)
		} else {
			c.before.Add(1)
		}
		if id != 0 {
			c.mu.Lock()
			c.want[id] = whole
			c.mu.Unlock()
		}
	}
}

func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "40P01"
}

// one writes one statement, and returns the row of its own it wrote.
func (c *crowd) one(conn *pgx.Conn, random *rand.Rand, mine *[]int64, isNew bool, street, number string) (id int64, whole string, err error) {
	ctx := context.Background()
	whole = street
	if number != "" {
		whole += " " + number
	}
	var numbered *string
	if number != "" {
		numbered = &number
	}
	act := random.IntN(10)
	if act < 4 || len(*mine) == 0 {
		if isNew {
			err = conn.QueryRow(ctx, `INSERT INTO "Address" ("StreetName", "HouseNumber", city) VALUES ($1, $2, 'n') RETURNING id`, street, numbered).Scan(&id)
		} else {
			err = conn.QueryRow(ctx, `INSERT INTO "Address" ("Street", city) VALUES ($1, 'o') RETURNING id`, whole).Scan(&id)
		}
		if err == nil {
			*mine = append(*mine, id)
		}
		return id, whole, err
	}
	at := random.IntN(len(*mine))
	id = (*mine)[at]
	switch {
	case act == 4:
		_, err = conn.Exec(ctx, `DELETE FROM "Address" WHERE id = $1`, id)
		if err == nil {
			*mine = append((*mine)[:at], (*mine)[at+1:]...)
		}
		return id, "", err
	case act == 5: // a row everybody writes to, filled or not
		if isNew {
			_, err = conn.Exec(ctx, `UPDATE "Address" SET "StreetName" = $2 WHERE id = $1`, 1+random.Int64N(200), street)
		} else {
			_, err = conn.Exec(ctx, `UPDATE "Address" SET "Street" = $2 WHERE id = $1`, 1+random.Int64N(200), whole)
		}
		return 0, "", err
	case act == 6: // another column only
		_, err = conn.Exec(ctx, `UPDATE "Address" SET city = city || 'x' WHERE id = $1`, id)
		return 0, "", err
	case act == 7 && isNew: // both shapes change at once: the new one wins
		changed := fmt.Sprintf("%s, part x%x", street, random.Int64())
		whole, street = strings.Replace(whole, street, changed, 1), changed
		_, err = conn.Exec(ctx, `UPDATE "Address" SET "Street" = 'ignored 1', "StreetName" = $2, "HouseNumber" = $3 WHERE id = $1`, id, street, numbered)
	case isNew: // as an object mapper does: all columns
		_, err = conn.Exec(ctx, `UPDATE "Address" SET id = $1, "StreetName" = $2, "HouseNumber" = $3, city = 'n' WHERE id = $1`, id, street, numbered)
	default:
		_, err = conn.Exec(ctx, `UPDATE "Address" SET id = $1, "Street" = $2, city = 'o' WHERE id = $1`, id, whole)
	}
	return id, whole, err
}

// judge holds every row the crowd wrote against the database, read through an
// expression that gives the whole address.
func (c *crowd) judge(t *testing.T, conn *pgx.Conn, whole string) {
	t.Helper()
	for _, err := range c.errs {
		t.Errorf("a writer was turned away: %v", err)
	}
	rows, err := conn.Query(within(t), fmt.Sprintf(`SELECT id, %s FROM "Address"`, whole), pgx.QueryExecModeExec)
	must(t, "reading", err)
	got := map[int64]string{}
	var id int64
	var address string
	_, err = pgx.ForEachRow(rows, []any{&id, &address}, func() error { got[id] = address; return nil })
	must(t, "reading", err)
	lost, stale := 0, 0
	for id, want := range c.want {
		have, there := got[id]
		switch {
		case want == "" && there, want != "" && !there:
			lost++
		case have != want:
			stale++
			if stale < 4 {
				t.Errorf("row %d is %q, its writer left %q", id, have, want)
			}
		}
	}
	t.Logf("%d rows owned by writers, %d statements of old code, %d of new", len(c.want), c.before.Load(), c.after.Load())
	if lost > 0 || stale > 0 {
		t.Errorf("%d rows lost, %d stale", lost, stale)
	}
	if c.before.Load() == 0 || c.after.Load() == 0 {
		t.Error("one side never wrote")
	}
}

const (
	oldShape = `"Street"`
	newShape = `concat_ws(' ', "StreetName", "HouseNumber")`
	halfRows = `SELECT count(*) FROM "Address" WHERE "Street" IS DISTINCT FROM concat_ws(' ', "StreetName", "HouseNumber")`
)

// crowded expands and fills while both sides write, and goes on for a while.
func crowded(t *testing.T) (*crowd, func(), *pgx.Conn) {
	t.Helper()
	e, conn, dsn := database(t, addresses)
	e.Batch = 1 // many small batches
	c := &crowd{dsn: dsn, stop: make(chan struct{}), newCode: make(chan struct{}), want: map[int64]string{}}
	c.start(t)
	testkit.Await(t, "old writers", func() bool { return c.before.Load() > 200 })
	must(t, "expand", e.Expand(within(t), addressSplit()))
	close(c.newCode)
	testkit.Await(t, "new writers before the backfill", func() bool { return c.after.Load() > 200 })
	must(t, "backfill", e.Backfill(within(t), addressSplit(), schema.Position{}, nil))
	settled := c.before.Load() + c.after.Load()
	testkit.Await(t, "writers in the window", func() bool { return c.before.Load()+c.after.Load() > settled+400 })
	return c, func() { must(t, "revert", e.Revert(within(t), addressSplit())) }, conn
}

func TestWritersOfBothShapesLoseNothingUntilContract(t *testing.T) {
	t.Parallel()
	c, _, conn := crowded(t)
	c.end()
	same(t, conn, halfRows, int64(0))
	c.judge(t, conn, oldShape)
	c.judge(t, conn, newShape)
	must(t, "contract", engineOn(c.dsn).Contract(within(t), addressSplit()))
	c.judge(t, conn, newShape)
}

func TestARevertKeepsWhatWritersOfBothShapesWrote(t *testing.T) {
	t.Parallel()
	c, revert, conn := crowded(t)
	c.end()
	same(t, conn, halfRows, int64(0))
	revert()
	c.judge(t, conn, oldShape)
}
