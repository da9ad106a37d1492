package filling

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	clients   = 8
	perSecond = 500
	// grace is how long requests that came late are still answered after the
	// end of a fill.
	grace = 20 * time.Second
)

// request is one request of a user, in times since the beginning. done is 0
// for one that was never answered.
type request struct{ meant, done time.Duration }

// users send requests at a rate that does not depend on the answers.
type users struct {
	began  time.Time
	stop   context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	all    []request
	failed []error
	// until is when the last request is meant, once that is known.
	until time.Duration
	ended chan struct{}
}

func startUsers(b *testing.B, g *ground, database string) *users {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	u := &users{began: time.Now(), stop: cancel, ended: make(chan struct{})}
	for i := range clients {
		conn := g.server.Conn(b, g.server.DSN(database))
		u.wg.Go(func() { u.use(ctx, conn, i) })
	}
	return u
}

// use sends one client's share of the requests, each when it is meant to be
// sent or, if the one before is not answered by then, as soon as it is.
func (u *users) use(ctx context.Context, conn *pgx.Conn, client int) {
	random := rand.New(rand.NewPCG(uint64(client), 1))
	gap := clients * time.Second / perSecond
	meant := gap * time.Duration(client) / clients
	var mine []request
	for ; ; meant += gap {
		if !u.await(ctx, meant) {
			break
		}
		r := request{meant: meant}
		err := send(ctx, conn, random.Int64N(int64(*rows))+1)
		if err == nil {
			r.done = time.Since(u.began)
		} else if ctx.Err() == nil {
			u.mu.Lock()
			u.failed = append(u.failed, err)
			u.mu.Unlock()
			break
		}
		mine = append(mine, r)
		if err != nil {
			break
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = append(u.all, mine...)
	// What was never sent has waited all the same.
	for meant += gap; u.until > 0 && meant < u.until; meant += gap {
		u.all = append(u.all, request{meant: meant})
	}
}

// await returns true when a request is to be sent, false when there is no more.
func (u *users) await(ctx context.Context, meant time.Duration) bool {
	wait := time.NewTimer(meant - time.Since(u.began))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wait.C:
	case <-u.ended:
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.until == 0 || meant < u.until
}

func send(ctx context.Context, conn *pgx.Conn, key int64) error {
	var name string
	if err := conn.QueryRow(ctx, "SELECT name FROM t WHERE id = $1", key).Scan(&name); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "UPDATE t SET c = c + 1 WHERE id = $1", key)
	return err
}

// end lets requests that are late be answered, and returns what users saw
// between two moments.
func (u *users) end(from, to time.Time) (felt, error) {
	u.mu.Lock()
	u.until = to.Sub(u.began)
	close(u.ended)
	u.mu.Unlock()
	cut := time.AfterFunc(grace, u.stop)
	u.wg.Wait()
	cut.Stop()
	u.stop()
	return u.felt(from.Sub(u.began), to.Sub(u.began)), errors.Join(u.failed...)
}

// felt is what users saw.
type felt struct {
	served        float64 // a second
	p50, p99, max time.Duration
}

func (u *users) felt(from, to time.Duration) felt {
	var took []time.Duration
	answered := 0
	for _, r := range u.all {
		if r.done >= from && r.done < to && r.done > 0 {
			answered++
		}
		if r.meant < from || r.meant >= to {
			continue
		}
		if r.done == 0 {
			r.done = to + grace
		}
		took = append(took, r.done-r.meant)
	}
	f := felt{served: float64(answered) / (to - from).Seconds()}
	if len(took) > 0 {
		slices.Sort(took)
		f.p50, f.p99, f.max = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	}
	return f
}
