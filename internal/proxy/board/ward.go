package board

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/release"
)

// Trouble is a failure that tells of its endpoint, not of the request.
type Trouble struct {
	// Reason is said to people.
	Reason string
	// Unreached: no connection could be made, so nothing was sent.
	Unreached bool
}

const (
	// tolerated is how many failures in a row an endpoint that takes
	// connections may have before it is kept from requests. One that takes
	// none is kept from them at once.
	tolerated = 5
	// firstPause is how long the first exclusion lasts; each further one in a
	// row is twice as long, up to longestPause.
	firstPause   = time.Second
	longestPause = 30 * time.Second
	// patience is how long an exclusion may be over before even a request that
	// must not be sent twice is taken for the test.
	patience = 10 * time.Second
)

// ward keeps requests away from the sick endpoints of one side: never from
// more than half of them, so never from the last one. When an exclusion is
// over, a single request is the test: its answer brings the endpoint back at
// once, its failure excludes it for longer.
type ward struct {
	mu sync.Mutex
	// toss returns a number in [0, 1) that spreads the ends of exclusions.
	toss func() float64
}

func newWard() *ward { return &ward{toss: rand.Float64} }

// condition is what the ward knows of one endpoint.
type condition struct {
	// until is when the exclusion ends, in Unix nanoseconds; 0 for healthy.
	until atomic.Int64
	// failures are those in a row.
	failures atomic.Int64
	// tester is the claim whose request is the test under way.
	tester atomic.Pointer[Claim]

	// Guarded by the ward: how often in a row it was excluded, and why.
	exclusions int
	trouble    Trouble
}

// failed notes a failure of e, which is one of side.
func (w *ward) failed(side []*Endpoint, e *Endpoint, now time.Time, t Trouble) {
	n := e.failures.Add(1)
	if !t.Unreached && n < tolerated && e.until.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.until.Load() > now.UnixNano() || w.others(side, e)+1 > len(side)/2 {
		return
	}
	e.exclusions++
	e.trouble = t
	e.until.Store(now.Add(w.pause(e.exclusions)).UnixNano())
}

// pause is how long the exclusion with this number lasts: within a quarter
// of its length by chance, so that endpoints that fell ill together are not
// tested together.
func (w *ward) pause(n int) time.Duration {
	p := firstPause
	for i := 1; i < n && p < longestPause; i++ {
		p *= 2
	}
	spread := 0.75 + 0.5*w.toss()
	return min(time.Duration(float64(p)*spread), longestPause)
}

// others counts the excluded ones of side but e.
func (w *ward) others(side []*Endpoint, e *Endpoint) int {
	n := 0
	for _, o := range side {
		if o != e && o.until.Load() != 0 {
			n++
		}
	}
	return n
}

// recovered brings e back.
func (w *ward) recovered(e *Endpoint) {
	if e.failures.Load() == 0 && e.until.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e.pardon()
}

func (e *Endpoint) pardon() {
	e.failures.Store(0)
	e.until.Store(0)
	e.exclusions, e.trouble = 0, Trouble{}
}

// fit pardons endpoints of a side that has become too small for so many
// exclusions, beginning with those that have the least time left.
func (w *ward) fit(side []*Endpoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*Endpoint
	for _, e := range side {
		if e.until.Load() != 0 {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *Endpoint) int { return int(a.until.Load() - b.until.Load()) })
	for _, e := range out[:max(len(out)-len(side)/2, 0)] {
		e.pardon()
	}
}

// read returns the excluded ones of side.
func (w *ward) read(side []*Endpoint) []release.Excluded {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []release.Excluded
	for _, e := range side {
		if until := e.until.Load(); until != 0 {
			out = append(out, release.Excluded{ID: e.ID, Until: time.Unix(0, until).UTC(), Failures: e.failures.Load(), Reason: e.trouble.Reason})
		}
	}
	return out
}

// The ranks in which endpoints are chosen, best first.
const (
	rankTest = iota
	rankHealthy
	rankTested // a test is due or under way
	rankExcluded
	rankAvoided
)

// rank says how willingly e is chosen. repeatable says that the request does
// no harm if it is lost and sent again.
func (e *Endpoint) rank(now time.Time, repeatable bool) int {
	until := e.until.Load()
	switch over := now.UnixNano() - until; {
	case until == 0:
		return rankHealthy
	case over < 0:
		return rankExcluded
	case e.tester.Load() == nil && (repeatable || over > int64(patience)):
		return rankTest
	}
	return rankTested
}
