package board

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/hold"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// Board serves one table at a time.
type Board struct {
	book *ledger.Book
	now  atomic.Pointer[live]
	// Left, if set, is told each address that a table no longer has. It is set
	// before the first table.
	Left func(addr string)

	// unrouted counts the requests that no side could be charged with.
	unrouted atomic.Uint64

	mu sync.Mutex
	// leaving are services that were replaced while claimed requests had not
	// yet reached their endpoint.
	leaving []*service
	// rooms has the waiting rooms of every app that ever had a service.
	rooms map[sideOf]*hold.Room
	// closing names the sides whose streams are being closed.
	closing map[sideOf]bool
}

// New returns a board with an empty table, keeping its accounts in book.
func New(book *ledger.Book) *Board {
	b := &Board{book: book, rooms: map[sideOf]*hold.Room{}, closing: map[sideOf]bool{}}
	b.now.Store(&live{index: &route.Index{}})
	return b
}

// Table returns the table in force.
func (b *Board) Table() route.Table { return b.now.Load().table }

// Unrouted returns how many requests were refused because no app answers
// them, or because the app's route serves nothing.
func (b *Board) Unrouted() uint64 { return b.unrouted.Load() }

// Publish puts table in force, which must pass Check. When it returns, no
// request that is not yet counted in flight can take the table before.
func (b *Board) Publish(table route.Table) error {
	made, err := b.publish(table)
	if err == nil && b.Left != nil {
		kept := made.now.addresses()
		for addr := range made.before.addresses() {
			if !kept[addr] {
				b.Left(addr)
			}
		}
	}
	return err
}

// change is a table and the one before it.
type change struct{ before, now *live }

func (b *Board) publish(table route.Table) (change, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.now.Load()
	next, err := b.compile(table, old)
	if err != nil {
		return change{}, err
	}
	b.now.Store(next)
	kept := map[*service]bool{}
	for _, s := range next.services {
		kept[s] = true
	}
	for _, s := range old.services {
		if !kept[s] {
			b.leaving = append(b.leaving, s)
			s.sides.Blue.room.Open()
			s.sides.Green.room.Open()
		}
	}
	return change{old, next}, nil
}

// Held returns what became of the requests of app that had to wait.
func (b *Board) Held(app string) release.Held {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sum release.Held
	for _, side := range []release.Side{release.Blue, release.Green} {
		if r := b.rooms[sideOf{app, side}]; r != nil {
			sum = sum.Plus(r.Read())
		}
	}
	return sum
}

// room returns a side's waiting room. The caller holds the lock.
func (b *Board) room(of sideOf) *hold.Room {
	if b.rooms[of] == nil {
		b.rooms[of] = &hold.Room{}
	}
	return b.rooms[of]
}

// Settle waits until every request that took a replaced route has reached
// its endpoint or ended, so that from then on the old side sees nothing it
// has not seen already. It returns how many have not when ctx ends: those
// are counted in flight on their side like any other.
func (b *Board) Settle(ctx context.Context) int64 {
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for {
		left := b.unsettled()
		if left == 0 {
			return 0
		}
		select {
		case <-ctx.Done():
			return left
		case <-tick.C:
		}
	}
}

func (b *Board) unsettled() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var left int64
	kept := b.leaving[:0]
	for _, s := range b.leaving {
		// Zero is final: whoever enters now finds the table replaced and
		// leaves again without having looked at an endpoint.
		if n := s.unsent.Load(); n > 0 {
			left += n
			kept = append(kept, s)
		}
	}
	clear(b.leaving[len(kept):])
	b.leaving = kept
	return left
}
