package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/schema"
	"cutover/internal/schema/postgres"
	"cutover/internal/testkit"
)

// perSide is how many programs of each version write.
const perSide = 8

// crowd writes to the addresses of addressSplit as old and new programs, each
// to rows of its own, so that what must be there is known, and each in turn to
// a few shared ones, where only torn rows could show.
type crowd struct {
	dsn      string
	old, new *side
	mu       sync.Mutex
	// want is the address of every row a writer owns; "" is a deleted one.
	want map[int64]string
	errs []error
	// apart is set when new code must leave the old shape alone.
	apart atomic.Bool
}

// side is the programs of one version.
type side struct {
	stop chan struct{}
	wg   sync.WaitGroup
	done atomic.Int64 // statements
}

// end stops a side and waits for its last statement.
func (s *side) end() {
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	s.wg.Wait()
}

func newCrowd(t *testing.T, dsn string) *crowd {
	c := &crowd{dsn: dsn, old: &side{stop: make(chan struct{})}, new: &side{stop: make(chan struct{})}, want: map[int64]string{}}
	t.Cleanup(c.end)
	return c
}

func (c *crowd) end() {
	c.old.end()
	c.new.end()
}

// start lets the programs of a side write.
func (c *crowd) start(s *side) {
	for i := range perSide {
		s.wg.Go(func() {
			writer := int64(i)
			if s == c.new {
				writer += perSide
			}
			if err := c.write(s, writer); err != nil {
				c.mu.Lock()
				c.errs = append(c.errs, fmt.Errorf("writer %d: %w", writer, err))
				c.mu.Unlock()
			}
		})
	}
}

// write goes on until its side is ended, over connections that may be lost.
func (c *crowd) write(s *side, writer int64) error {
	random := rand.New(rand.NewPCG(uint64(writer), 7))
	var mine []int64
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.Background())
		}
	}()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	var id int64 // the row whose statement ended with the connection
	var whole string
	for n, late := 0, 0; ; n++ {
		select {
		case <-s.stop:
			if conn != nil {
				return nil
			}
			if late++; late > 1000 {
				return errors.New("the server did not come back")
			}
		default:
		}
		var err error
		if conn == nil {
			if conn, err = pgx.Connect(context.Background(), c.dsn); err == nil && id != 0 {
				mine, err = c.settle(conn, s, id, whole, mine)
			}
			if err != nil && conn != nil && !conn.IsClosed() {
				return err
			}
			if err != nil {
				conn = nil
				<-again.C
				continue
			}
			id = 0
		}
		street, number := fmt.Sprintf("Way of %d", writer), fmt.Sprint(n)
		if random.IntN(4) == 0 {
			number = ""
		}
		id, whole, err = c.one(conn, random, &mine, s == c.new, street, number)
		switch {
		case err != nil && conn.IsClosed():
			conn = nil
			continue
		case retryable(err):
		case err != nil:
			return err
		default:
			s.done.Add(1)
			c.keep(id, whole)
		}
		id = 0
	}
}

// keep remembers what a row must be.
func (c *crowd) keep(id int64, whole string) {
	if id != 0 {
		c.mu.Lock()
		c.want[id] = whole
		c.mu.Unlock()
	}
}

// settle finds out whether a statement came through before its connection was
// lost: the row is as it was, or as it was to be.
func (c *crowd) settle(conn *pgx.Conn, s *side, id int64, whole string, mine []int64) ([]int64, error) {
	shape := oldShape
	if s == c.new {
		shape = newShape
	}
	var is string
	err := conn.QueryRow(context.Background(), `SELECT `+shape+` FROM "Address" WHERE id = $1`, id).Scan(&is)
	if errors.Is(err, pgx.ErrNoRows) && whole == "" {
		err = nil
		mine = slices.DeleteFunc(mine, func(m int64) bool { return m == id })
	}
	if err != nil {
		return mine, fmt.Errorf("looking for row %d after the connection was lost: %w", id, err)
	}
	c.mu.Lock()
	was := c.want[id]
	c.mu.Unlock()
	if is != was && is != whole {
		return mine, fmt.Errorf("row %d is %q after the connection was lost, neither %q nor %q", id, is, was, whole)
	}
	c.keep(id, is)
	return mine, nil
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
	case act == 7 && isNew && !c.apart.Load(): // both shapes change at once: the new one wins
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
	t.Logf("%d rows owned by writers, %d statements of old code, %d of new", len(c.want), c.old.done.Load(), c.new.done.Load())
	if lost > 0 || stale > 0 {
		t.Errorf("%d rows lost, %d stale", lost, stale)
	}
	if c.old.done.Load() == 0 || c.new.done.Load() == 0 {
		t.Error("one side never wrote")
	}
}

const (
	oldShape = `"Street"`
	newShape = `concat_ws(' ', "StreetName", "HouseNumber")`
	halfRows = `SELECT count(*) FROM "Address" WHERE "Street" IS DISTINCT FROM concat_ws(' ', "StreetName", "HouseNumber")`
)

// more waits for n statements of a side.
func more(t *testing.T, s *side, n int64) {
	t.Helper()
	from := s.done.Load()
	testkit.Await(t, "more writers", func() bool { return s.done.Load() > from+n })
}

// crowded expands and fills while both sides write, and lets them go on.
func crowded(t *testing.T) (*crowd, *postgres.Engine, *pgx.Conn) {
	t.Helper()
	e, conn, dsn := database(t, addresses)
	e.Batch = 1 // many small batches
	c := newCrowd(t, dsn)
	c.start(c.old)
	more(t, c.old, 200)
	must(t, "expand", e.Expand(within(t), addressSplit()))
	c.start(c.new)
	more(t, c.new, 200)
	must(t, "backfill", e.Backfill(within(t), addressSplit(), schema.Position{}, nil))
	more(t, c.new, 200)
	more(t, c.old, 200)
	return c, e, conn
}

func TestWritersOfBothShapesLoseNothingAndNewOnesGoOnThroughContract(t *testing.T) {
	t.Parallel()
	c, e, conn := crowded(t)
	c.old.end()
	c.apart.Store(true)
	more(t, c.new, perSide*2)
	must(t, "contract", e.Contract(within(t), addressSplit()))
	more(t, c.new, 100)
	c.end()
	c.judge(t, conn, newShape)
}

func TestWritersOfBothShapesLoseNothingAndOldOnesGoOnThroughRevert(t *testing.T) {
	t.Parallel()
	c, e, conn := crowded(t)
	c.new.end()
	must(t, "revert", e.Revert(within(t), addressSplit()))
	more(t, c.old, 100)
	c.end()
	c.judge(t, conn, oldShape)
}

func TestNoRowIsHalfOneShapeAndHalfTheOtherInTheWindow(t *testing.T) {
	t.Parallel()
	c, _, conn := crowded(t)
	same(t, conn, halfRows, int64(0)) // while they write
	c.end()
	same(t, conn, halfRows, int64(0))
	c.judge(t, conn, oldShape)
	c.judge(t, conn, newShape)
}
