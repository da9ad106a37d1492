package ledger

import (
	"sync"
	"time"

	"cutover/internal/release"
)

// Event is something that happened to a user in a process that does not count
// users any more.
type Event struct {
	// Seq grows by one from event to event of one process, from 1.
	Seq    uint64       `json:"seq"`
	App    string       `json:"app"`
	Side   release.Side `json:"side"`
	Client uint64       `json:"client"`
	// Head is the beginning of a stream; Streamed marks the end of one.
	Head     bool          `json:"head,omitempty"`
	Streamed bool          `json:"streamed,omitempty"`
	Status   int           `json:"status,omitempty"`
	Outcome  Outcome       `json:"outcome,omitempty"`
	Took     time.Duration `json:"took,omitempty"`
}

func (e Event) good() bool { return e.Outcome == Answered && e.Status < 500 }

// maxEvents is how many events wait to be fetched; a successor that has been
// away for longer misses the first ones.
const maxEvents = 1 << 16

// errand keeps events for the process that counts them.
type errand struct {
	mu   sync.Mutex
	last uint64
	list []Event
}

func (e *errand) add(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	ev.Seq = e.last
	if len(e.list) == maxEvents {
		e.list = e.list[1:]
	}
	e.list = append(e.list, ev)
}

// after returns the events that follow seq.
func (e *errand) after(seq uint64) []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, ev := range e.list {
		if ev.Seq > seq {
			return append([]Event(nil), e.list[i:]...)
		}
	}
	return nil
}

// forget drops the events up to seq, which have been counted.
func (e *errand) forget(seq uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.list) > 0 && e.list[0].Seq <= seq {
		e.list = e.list[1:]
	}
}
