package board

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
)

// Board serves one table at a time.
type Board struct {
	book *ledger.Book
	now  atomic.Pointer[live]
	// unrouted counts the requests that no side could be charged with.
	unrouted atomic.Uint64

	mu sync.Mutex
	// leaving are services that were replaced while claimed requests had not
	// yet reached their endpoint.
	leaving []*service
	// closing names the sides whose streams are being closed.
	closing map[closeKey]bool
}

// New returns a board with an empty table, keeping its accounts in book.
func New(book *ledger.Book) *Board {
	b := &Board{book: book, closing: map[closeKey]bool{}}
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
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.now.Load()
	next, err := b.compile(table, old)
	if err != nil {
		return err
	}
	b.now.Store(next)
	kept := map[*service]bool{}
	for _, s := range next.services {
		kept[s] = true
	}
	for _, s := range old.services {
		if !kept[s] {
			b.leaving = append(b.leaving, s)
		}
	}
	return nil
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
