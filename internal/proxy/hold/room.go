package hold

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/release"
)

// every is how often the first in the room tries whether an instance is back.
const every = 50 * time.Millisecond

// Room is where the requests of one side wait, in the order in which they came.
// The zero Room is ready for use.
type Room struct {
	mu      sync.Mutex
	waiting []*Place    // by number
	some    atomic.Bool // anybody waits
	next    uint64
	back    time.Time // when an instance was last found to be back
	counts  release.Held
}

// Place is a request's place in a room, from Enter to Leave.
type Place struct {
	room   *Room
	number uint64
	until  time.Time
	// called is closed when everybody is called, first when this is the first.
	called, first chan struct{}
}

// Reason is why a wait ended.
type Reason int

// The reasons.
const (
	// Called: an instance is back, or the route has changed.
	Called Reason = iota
	// Turn: it is the first one's turn to try.
	Turn
	// Late: the time is over.
	Late
	// Gone: the context ended.
	Gone
)

// Enter takes a place for at most limits.AtMost, or returns false if
// limits.Requests are waiting already. Exactly one Leave must follow.
func (r *Room) Enter(limits release.Holding) (*Place, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) >= limits.Requests || limits.AtMost <= 0 {
		r.counts.Full++
		return nil, false
	}
	r.next++
	r.counts.Total++
	p := &Place{room: r, number: r.next, until: time.Now().Add(limits.AtMost)}
	r.insert(p)
	return p, true
}

// insert puts a place where its number belongs. The caller holds the lock.
func (r *Room) insert(p *Place) {
	p.called, p.first = make(chan struct{}), make(chan struct{})
	i, _ := slices.BinarySearchFunc(r.waiting, p.number, func(o *Place, n uint64) int { return int(o.number) - int(n) })
	r.waiting = slices.Insert(r.waiting, i, p)
	r.some.Store(true)
	r.promote()
}

// promote tells the first that it is. The caller holds the lock.
func (r *Room) promote() {
	if len(r.waiting) == 0 {
		return
	}
	select {
	case <-r.waiting[0].first:
	default:
		close(r.waiting[0].first)
	}
}

// Open calls everybody, in order: the route has changed. Whoever tries in vain
// may wait again, in the old place.
func (r *Room) Open() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open()
}

// Back calls everybody because an instance has taken a request. An instance
// that takes some and refuses others does not keep them all busy: between two
// calls only the first one tries.
func (r *Room) Back() {
	if !r.some.Load() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.back) >= every {
		r.back = now
		r.open()
	}
}

func (r *Room) open() {
	for _, p := range r.waiting {
		close(p.called)
	}
	r.waiting = nil
	r.some.Store(false)
}

// Read returns what the room has seen.
func (r *Room) Read() release.Held {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := r.counts
	held.Now = len(r.waiting)
	return held
}

// Wait returns when there is something to do for the place, and why.
func (p *Place) Wait(ctx context.Context) Reason {
	p.rejoin()
	end := time.NewTimer(time.Until(p.until))
	defer end.Stop()
	var turn <-chan time.Time
	first := p.first
	for {
		select {
		case <-p.called:
			return Called
		case <-first:
			t := time.NewTimer(every)
			defer t.Stop()
			first, turn = nil, t.C
		case <-turn:
			return Turn
		case <-end.C:
			p.count(func(h *release.Held) { h.Late++ })
			return Late
		case <-ctx.Done():
			p.count(func(h *release.Held) { h.Gone++ })
			return Gone
		}
	}
}

// rejoin takes the place again after a call that led nowhere.
func (p *Place) rejoin() {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !slices.Contains(p.room.waiting, p) {
		p.room.insert(p)
	}
}

// In reports whether the place is one in r.
func (p *Place) In(r *Room) bool { return p.room == r }

// Move gives the place up for the last one in another room, until the same
// time.
func (p *Place) Move(to *Room) {
	p.Leave()
	to.mu.Lock()
	defer to.mu.Unlock()
	to.next++
	p.room, p.number = to, to.next
	to.insert(p)
}

// Leave gives the place up.
func (p *Place) Leave() {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	p.room.waiting = slices.DeleteFunc(p.room.waiting, func(o *Place) bool { return o == p })
	p.room.some.Store(len(p.room.waiting) > 0)
	p.room.promote()
}

func (p *Place) count(add func(*release.Held)) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	add(&p.room.counts)
}
