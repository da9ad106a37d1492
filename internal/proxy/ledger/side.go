package ledger

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"cutover/internal/release"
)

// Side is the ledger of one side. One mutex guards all of it, so that every
// Reading adds up exactly: it costs some tens of nanoseconds a request.
type Side struct {
	mu       sync.Mutex
	counters release.Counters
	requests int
	streams  map[*Entry]struct{}
	latency  latencies
	// load has the endpoints with work in flight, whether or not they are
	// still on the route.
	load map[string]release.Load
	// users is what users experienced, crowd who they are; number tells the
	// side apart from the other one.
	users  users
	crowd  *crowd
	number uint64
	// app and side are its name. Once its users are another process's to
	// count, handed takes what happens to them.
	app    string
	side   release.Side
	handed *errand
	assets uint64
}

// Reading is what a ledger says at one instant. Counters.Accepted equals
// Answered + ClientGone + Lost + Requests + Streams.
type Reading struct {
	// Requests and Streams are in flight.
	Requests int              `json:"requests"`
	Streams  int              `json:"streams"`
	Counters release.Counters `json:"counters"`
	// Load splits what is in flight by endpoint, sorted by ID. A request that
	// has not been given to an endpoint yet is in none.
	Load []release.Load `json:"load,omitempty"`
	// Latency has one value for each status class that occurred: "1xx" (an
	// upgrade), "2xx" .. "5xx".
	Latency map[string]Latency `json:"latency,omitempty"`
	// Users is what users experienced: testers are left out.
	Users release.Experience `json:"users"`
	// Assets are the requests that came here because the other side did not
	// have what was asked for.
	Assets uint64 `json:"assets,omitempty"`
}

// Open enters a visitor's request, unless still returns false. still is asked under the
// ledger's lock: a Reading taken after still began to return false misses no
// request that was entered before.
func (s *Side) Open(by Visitor, still func() bool) (*Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !still() {
		return nil, false
	}
	s.counters.Accepted++
	if by.Asset {
		s.assets++
	}
	s.requests++
	return &Entry{side: s, by: by}, true
}

// Read returns what the ledger says now.
func (s *Side) Read() Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Reading{
		Requests: s.requests,
		Streams:  len(s.streams),
		Counters: s.counters,
		Load:     s.loads(),
		Latency:  s.latency.read(),
		Users:    s.users.read(time.Now()),
		Assets:   s.assets,
	}
}

// Name says whose ledger it is; a side of no book has no name.
func (s *Side) Name() (app string, side release.Side) { return s.app, s.side }

// InFlight is a short Read.
func (s *Side) InFlight() (requests, streams int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, len(s.streams)
}

// Streams returns the streams that are open now, in no order: those on the
// named endpoints, all if none is named.
func (s *Side) Streams(at ...string) []*Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := make([]*Entry, 0, len(s.streams))
	for e := range s.streams {
		if len(at) == 0 || slices.Contains(at, e.at) {
			open = append(open, e)
		}
	}
	return open
}

// weigh adds n to what is in flight on the entry's endpoint. The caller holds
// the lock.
func (s *Side) weigh(e *Entry, n int) {
	if e.at == "" {
		return
	}
	l := s.load[e.at]
	l.ID = e.at
	if e.cut == nil {
		l.Requests += n
	} else {
		l.Streams += n
	}
	if l.Requests == 0 && l.Streams == 0 {
		delete(s.load, e.at)
		return
	}
	if s.load == nil {
		s.load = map[string]release.Load{}
	}
	s.load[e.at] = l
}

func (s *Side) loads() []release.Load {
	list := slices.Collect(maps.Values(s.load))
	slices.SortFunc(list, func(a, b release.Load) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
