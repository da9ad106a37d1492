package ledger

import (
	"sync"

	"cutover/internal/release"
)

// Book holds the ledger of every app for the life of the process: a changed
// or removed route forgets no count. The zero Book is ready for use.
type Book struct {
	mu   sync.Mutex
	apps map[string]*release.Sides[Side]
}

// Of returns the ledger of one side of app. It panics for NoSide.
func (b *Book) Of(app string, side release.Side) *Side {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.apps == nil {
		b.apps = map[string]*release.Sides[Side]{}
	}
	sides := b.apps[app]
	if sides == nil {
		sides = &release.Sides[Side]{}
		together := &crowd{}
		sides.Blue.crowd, sides.Green.crowd, sides.Green.number = together, together, 1
		b.apps[app] = sides
	}
	return sides.Of(side)
}

// All returns the ledgers of both sides of every app.
func (b *Book) All() []*Side {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []*Side
	for _, sides := range b.apps {
		all = append(all, &sides.Blue, &sides.Green)
	}
	return all
}
