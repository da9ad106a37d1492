package ledger

import (
	"sync"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/release"
)

// Visitor is whose request it is.
type Visitor struct {
	// Client is the same number for every request of a client that is kept on
	// one side, and another one for each request that is dealt by itself.
	Client uint64
	// Tester came by the private way in and chose the side: what testers do
	// says nothing about the users.
	Tester bool
	// Asset came because the other side does not have what it asks for.
	Asset bool
}

// badPer is how long a client that failed does not count as another bad one. It
// stays on its side all that time, and may retry for minutes for one reason.
const badPer = 10 * time.Minute

// timedPer is the same for how long its answers took: a few who ask for much,
// all on one side, would look like a slower version.
const timedPer = time.Minute

// crowd tells the clients of an app apart, those of both sides together: where
// two clients fall on the same slot, that must befall both sides alike.
type crowd struct {
	mu                      sync.Mutex
	seen, timed, bad, badly *analysis.Once
}

// first asks one of the crowd's memories, made when it is first needed.
func (c *crowd) first(of **analysis.Once, per time.Duration, side, client uint64, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *of == nil {
		*of = analysis.NewOnce(per)
	}
	return (*of).First(side, client, now)
}

// users is what a side's users experienced.
type users struct {
	requests, bad, badClients uint64
	clients, badNow           recent
	latency                   [analysis.Bins]uint64
}

// finished books the end of a user's request.
func (s *Side) finished(e *Entry, end End) {
	if e.by.Tester || end.Outcome == ClientGone {
		return
	}
	u, now := &s.users, time.Now()
	u.requests++
	if e.cut == nil {
		s.met(e.by, end.Status, end.Outcome, end.Took, now)
	}
	if end.Outcome == Answered && end.Status < 500 {
		return
	}
	u.bad++
	c := s.people()
	if c.first(&c.bad, badPer, s.number, e.by.Client, now) {
		u.badClients++
	}
	if c.first(&c.badly, analysis.OncePer, s.number, e.by.Client, now) {
		u.badNow.add(now)
	}
}

// met counts the client among those of the last seconds and, if the answer is
// good, how long it took.
func (s *Side) met(by Visitor, status int, outcome Outcome, took time.Duration, now time.Time) {
	if by.Tester {
		return
	}
	c := s.people()
	if c.first(&c.seen, analysis.OncePer, s.number, by.Client, now) {
		s.users.clients.add(now)
	}
	if outcome == Answered && status < 500 && c.first(&c.timed, timedPer, s.number, by.Client, now) {
		s.users.latency[analysis.Bin(took)]++
	}
}

// people returns the crowd; a side of no book has one of its own.
func (s *Side) people() *crowd {
	if s.crowd == nil {
		s.crowd = &crowd{}
	}
	return s.crowd
}

func (u *users) read(now time.Time) release.Experience {
	e := release.Experience{
		Requests: u.requests, Bad: u.bad, BadClients: u.badClients, Clients: u.clients.sum(now), BadNow: u.badNow.sum(now),
	}
	for bin, n := range u.latency {
		if n > 0 {
			e.Latency = append(e.Latency, release.Took{Bin: bin, Count: n})
		}
	}
	return e
}

// recentSeconds is how far recent looks back: as long as a client counts once.
const recentSeconds = int64(analysis.OncePer / time.Second)

// recent counts what happened in the last seconds.
type recent struct {
	last   int64
	counts [recentSeconds]uint64
}

func (r *recent) add(now time.Time) {
	r.forget(now)
	r.counts[r.last%recentSeconds]++
}

func (r *recent) sum(now time.Time) uint64 {
	r.forget(now)
	total := uint64(0)
	for _, n := range r.counts {
		total += n
	}
	return total
}

// forget clears the seconds that have begun since. A clock that goes back adds
// to the latest second.
func (r *recent) forget(now time.Time) {
	second := now.Unix()
	if second-r.last >= recentSeconds {
		clear(r.counts[:])
		r.last = second
	}
	for r.last < second {
		r.last++
		r.counts[r.last%recentSeconds] = 0
	}
}
