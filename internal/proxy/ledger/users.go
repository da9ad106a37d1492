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
	if end.Outcome != ClientGone {
		s.experienced(e.by, Event{Status: end.Status, Outcome: end.Outcome, Took: end.Took, Streamed: e.cut != nil})
	}
}

// experienced books what happened to a user, or keeps it for the process that
// does the booking now.
func (s *Side) experienced(by Visitor, ev Event) {
	if by.Tester {
		return
	}
	ev.Client = by.Client
	if s.handed != nil {
		ev.App, ev.Side = s.app, s.side
		s.handed.add(ev)
		return
	}
	s.count(ev)
}

func (s *Side) count(ev Event) {
	u, now := &s.users, time.Now()
	if ev.Head {
		s.met(ev, now)
		return
	}
	u.requests++
	if !ev.Streamed {
		s.met(ev, now)
	}
	if ev.good() {
		return
	}
	u.bad++
	c := s.people()
	if c.first(&c.bad, badPer, s.number, ev.Client, now) {
		u.badClients++
	}
	if c.first(&c.badly, analysis.OncePer, s.number, ev.Client, now) {
		u.badNow.add(now)
	}
}

// met counts the client among those of the last seconds and, if the answer is
// good, how long it took.
func (s *Side) met(ev Event, now time.Time) {
	c := s.people()
	if c.first(&c.seen, analysis.OncePer, s.number, ev.Client, now) {
		s.users.clients.add(now)
	}
	if ev.good() && c.first(&c.timed, timedPer, s.number, ev.Client, now) {
		s.users.latency[analysis.Bin(ev.Took)]++
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
	e.Latency = u.took()
	return e
}

func (u *users) took() (list []release.Took) {
	for bin, n := range u.latency {
		if n > 0 {
			list = append(list, release.Took{Bin: bin, Count: n})
		}
	}
	return list
}

// recentSeconds is how far recent looks back: as long as a client counts once.
const recentSeconds = int64(analysis.OncePer / time.Second)

// recent counts what happened in the last seconds.
type recent struct {
	Last   int64                 `json:"last"`
	Counts [recentSeconds]uint64 `json:"counts"`
}

func (r *recent) add(now time.Time) {
	r.forget(now)
	r.Counts[r.Last%recentSeconds]++
}

func (r *recent) sum(now time.Time) uint64 {
	r.forget(now)
	total := uint64(0)
	for _, n := range r.Counts {
		total += n
	}
	return total
}

// forget clears the seconds that have begun since. A clock that goes back adds
// to the latest second.
func (r *recent) forget(now time.Time) {
	second := now.Unix()
	if second-r.Last >= recentSeconds {
		clear(r.Counts[:])
		r.Last = second
	}
	for r.Last < second {
		r.Last++
		r.Counts[r.Last%recentSeconds] = 0
	}
}
