package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tally is the account of one side. Each method is one step of it, so that
// every reading adds up. It is safe for concurrent use.
type tally struct {
	mu sync.Mutex
	// from is when measuring begins: what was due before does not count.
	from            time.Time
	all             *row
	requests, pages []*row
	hosts           map[*host]*row
	// late is how long after it was due a request was sent: this machine's
	// own part in the latency.
	late *hdrhistogram.Histogram
	last time.Time // when the last answer came

	begun, whole, failed, cut, dropped uint64
	inFlight                           int

	recent recent
	// rounds is nil unless latencies are kept apart by time.
	rounds *rounds
}

// recent is what happened since the last look.
type recent struct {
	done, errors uint64
	latency      *hdrhistogram.Histogram
}

func newTally(p *program, hosts []*host, from time.Time) *tally {
	t := &tally{from: from, all: newRow(""), hosts: map[*host]*row{}, late: newHistogram(), recent: recent{latency: newHistogram()}}
	for _, name := range p.requests {
		t.requests = append(t.requests, newRow(name))
	}
	for _, name := range p.pages {
		t.pages = append(t.pages, newRow(name))
	}
	for _, h := range hosts {
		t.hosts[h] = newRow(h.name)
	}
	return t
}

// request enters a request.
func (t *tally) request(index int, at *host, x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !x.cancelled {
		t.recent.add(x)
	}
	if x.intended.Before(t.from) {
		return
	}
	for _, r := range []*row{t.all, t.requests[index], t.hosts[at]} {
		r.add(x)
	}
	t.rounds.request(index, x)
	enter(t.late, x.sent.Sub(x.intended))
	if x.done.After(t.last) {
		t.last = x.done
	}
}

func (r *recent) add(x *exchange) {
	r.done++
	if x.fault != "" {
		r.errors++
	}
	if x.fault.answered() {
		enter(r.latency, x.latency())
	}
}

// page enters a page load.
func (t *tally) page(index int, x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !x.intended.Before(t.from) {
		t.pages[index].add(x)
		t.rounds.page(index, x)
	}
}

// begin enters that an iteration begins, unless as many as allowed are under
// way: then it enters that it is dropped, and returns false.
func (t *tally) begin(due time.Time, at *host, s *scenario, most int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	measured := !due.Before(t.from)
	if t.inFlight < most {
		t.inFlight++
		if measured {
			t.begun++
		}
		return true
	}
	if measured {
		t.dropped++
		t.all.dropped += uint64(len(s.rows))
		t.hosts[at].dropped += uint64(len(s.rows))
		for _, r := range s.rows {
			t.requests[r].dropped++
		}
	}
	return false
}

// end enters how an iteration came to its end.
func (t *tally) end(due time.Time, how ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
	if due.Before(t.from) {
		return
	}
	switch how {
	case whole:
		t.whole++
	case failed:
		t.failed++
	case cut:
		t.cut++
	}
}
