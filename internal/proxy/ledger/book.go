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
	// handed is set while another process counts the users.
	handed *errand
}

// Of returns the ledger of one side of app. It panics for NoSide.
func (b *Book) Of(app string, side release.Side) *Side {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of(app).Of(side)
}

func (b *Book) of(app string) *release.Sides[Side] {
	if b.apps == nil {
		b.apps = map[string]*release.Sides[Side]{}
	}
	sides := b.apps[app]
	if sides == nil {
		sides = &release.Sides[Side]{}
		together := &crowd{}
		sides.Blue.crowd, sides.Green.crowd, sides.Green.number = together, together, 1
		for _, side := range []release.Side{release.Blue, release.Green} {
			s := sides.Of(side)
			s.app, s.side, s.handed = app, side, b.handed
		}
		b.apps[app] = sides
	}
	return sides
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
