package schematest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/schema"
	"cutover/internal/testkit"
)

// crowd writes addresses as several programs of old code and of new, each to
// rows of its own, so that what must be there is known, and each in turn to
// a few shared ones, where only torn rows could show.
type crowd struct {
	Database
	stop chan struct{}
	wg   sync.WaitGroup
	// newCode closes when new code may write.
	newCode chan struct{}
	// byOld and byNew count statements.
	byOld, byNew atomic.Int64

	mu sync.Mutex
	// want is the address of every row a writer owns; "" is a deleted one.
	want map[string]string
	errs []error
}

func gather(t *testing.T, d Database) *crowd {
	c := &crowd{Database: d, stop: make(chan struct{}), newCode: make(chan struct{}), want: map[string]string{}}
	for i := range 2 * d.Programs {
		c.wg.Go(func() {
			if err := c.work(i); err != nil {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.errs = append(c.errs, fmt.Errorf("writer %d: %w", i, err))
			}
		})
	}
	t.Cleanup(c.end)
	return c
}

// end lets every writer finish its statement; it may be called again.
func (c *crowd) end() {
	c.mu.Lock()
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.mu.Unlock()
	c.wg.Wait()
}

func (c *crowd) ended() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

// work is one program, from its first statement to the end of the crowd.
func (c *crowd) work(i int) error {
	count := &c.byOld
	if i >= c.Programs {
		count = &c.byNew
		select {
		case <-c.newCode:
		case <-c.stop:
			return nil
		}
	}
	conn, err := c.Connect(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	w := &writer{number: i, isNew: i >= c.Programs, random: rand.New(rand.NewPCG(uint64(i), 7))}
	pace := time.NewTicker(c.Pause)
	defer pace.Stop()
	for !c.ended() {
		<-pace.C
		do := w.next()
		err := conn.Exec(context.Background(), do.sql, do.args...)
		switch {
		case err == nil:
			count.Add(1)
			w.done(do)
			if do.row != 0 {
				c.mu.Lock()
				c.want[fmt.Sprint(do.row)] = do.whole
				c.mu.Unlock()
			}
		case !c.IsBusy(err):
			return fmt.Errorf("%s %q: %w", do.sql, do.args, err)
		}
	}
	return nil
}

// judge holds every row the crowd wrote against the database, read through an
// expression that gives the whole address.
func (c *crowd) judge(t *testing.T, a app, whole string) {
	t.Helper()
	for _, err := range c.errs {
		t.Errorf("a writer was turned away: %v", err)
	}
	found, err := a.Rows(t.Context(), fmt.Sprintf(`SELECT id, %s FROM "Address"`, whole))
	must(t, "reading", err)
	got := map[string]string{}
	for _, row := range found {
		got[row[0]] = row[1]
	}
	lost, stale := 0, 0
	for id, want := range c.want {
		have, there := got[id]
		switch {
		case there != (want != ""):
			lost++
		case have != want:
			if stale++; stale < 4 {
				t.Errorf("row %s is %q, its writer left %q", id, have, want)
			}
		}
	}
	t.Logf("%d rows owned by writers, %d statements of old code, %d of new", len(c.want), c.byOld.Load(), c.byNew.Load())
	if lost > 0 || stale > 0 {
		t.Errorf("%d rows lost, %d stale", lost, stale)
	}
	if c.byOld.Load() == 0 || c.byNew.Load() == 0 {
		t.Error("one side never wrote")
	}
}

// crowded expands and fills while both sides write, and goes on for a while.
func crowded(t *testing.T, d Database) (*crowd, app, schema.Change) {
	a := d.app(t)
	a.run(addresses...)
	change := Example(t, "address-street")
	c := gather(t, d)
	testkit.Await(t, "old writers", func() bool { return c.byOld.Load() > d.Writes })
	must(t, "expand", d.Engine.Expand(t.Context(), change))
	close(c.newCode)
	testkit.Await(t, "new writers before the backfill", func() bool { return c.byNew.Load() > d.Writes })
	must(t, "backfill", d.Engine.Backfill(t.Context(), change, schema.Position{}, nil))
	settled := c.byOld.Load() + c.byNew.Load()
	testkit.Await(t, "writers in the window", func() bool { return c.byOld.Load()+c.byNew.Load() > settled+2*d.Writes })
	return c, a, change
}

func writersContract(t *testing.T, d Database) {
	c, a, change := crowded(t, d)
	c.end()
	a.gives(tornRows, "0")
	c.judge(t, a, oldShape)
	c.judge(t, a, newShape)
	must(t, "contract", d.Engine.Contract(t.Context(), change))
	c.judge(t, a, newShape)
}

func writersRevert(t *testing.T, d Database) {
	c, a, change := crowded(t, d)
	c.end()
	a.gives(tornRows, "0")
	must(t, "revert", d.Engine.Revert(t.Context(), change))
	c.judge(t, a, oldShape)
}
