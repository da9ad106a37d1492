package ledger

import "time"

// Outcome is how a request ended.
type Outcome int

// The outcomes.
const (
	// Answered: the app's answer was passed on whole. A stream that the proxy
	// closed on order counts here too; End.Ordered says so.
	Answered Outcome = iota
	// ClientGone: the client went away before the end.
	ClientGone
	// Lost: the app gave no answer, or one that broke off.
	Lost
)

// End says how an entry ended.
type End struct {
	Outcome Outcome
	// Status is the status sent to the client, 0 if none was.
	Status int
	// Took is the time from the request's arrival to the end of the answer.
	Took time.Duration
	// Cut marks a stream that broke off: nobody had ended it.
	Cut bool
	// Ordered marks a stream that the proxy ended on order.
	Ordered bool
}

// Entry is one request in a ledger. Its methods may be called from several
// goroutines.
type Entry struct {
	side *Side
	by   Visitor
	// cut, once set, marks the entry as a stream; ended closes it for good.
	cut   func()
	ended bool
	// at is the endpoint that has it, "" for none.
	at string
}

// At records which endpoint has the request now, "" for none.
func (e *Entry) At(endpoint string) {
	s := e.side
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.ended {
		return
	}
	s.weigh(e, -1)
	e.at = endpoint
	s.weigh(e, +1)
}

// Stream turns the request into a stream: its answer began with status after
// took, which is the latency recorded for it. cut must make it end soon and
// may be called more than once, also after the end.
func (e *Entry) Stream(status int, took time.Duration, cut func()) {
	s := e.side
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.ended || e.cut != nil {
		return
	}
	s.weigh(e, -1)
	e.cut = cut
	s.weigh(e, +1)
	s.requests--
	if s.streams == nil {
		s.streams = map[*Entry]struct{}{}
	}
	s.streams[e] = struct{}{}
	s.latency.record(status, took)
	s.experienced(e.by, Event{Head: true, Status: status, Outcome: Answered, Took: took})
}

// Cut makes a stream end soon. It does nothing to a request.
func (e *Entry) Cut() {
	e.side.mu.Lock()
	cut := e.cut
	e.side.mu.Unlock()
	if cut != nil {
		cut()
	}
}

// Withdraw takes a request back out of the ledger, as if it had never come,
// because it has reached no endpoint and is to be admitted anew. A stream
// stays, and so does what has ended.
func (e *Entry) Withdraw() {
	s := e.side
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.ended || e.cut != nil {
		return
	}
	e.ended = true
	s.weigh(e, -1)
	s.requests--
	s.counters.Accepted--
}

// Close settles the entry. Only the first call counts.
func (e *Entry) Close(end End) {
	s := e.side
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.ended {
		return
	}
	e.ended = true
	s.weigh(e, -1)
	s.settle(end)
	s.finished(e, end)
	if e.cut == nil {
		s.requests--
		if end.Outcome == Answered || end.Outcome == Lost && end.Status >= 500 {
			s.latency.record(end.Status, end.Took)
		}
		return
	}
	delete(s.streams, e)
	if end.Cut {
		s.counters.CutStreams++
	}
	if end.Ordered {
		s.counters.ClosedStreams++
	}
}

func (s *Side) settle(end End) {
	switch end.Outcome {
	case Answered:
		s.counters.Answered++
	case ClientGone:
		s.counters.ClientGone++
	default:
		s.counters.Lost++
	}
	if end.Status >= 500 {
		s.counters.Errors++
	}
}
