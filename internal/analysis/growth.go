package analysis

import (
	"fmt"
	"time"
)

// bucket is what both versions did between two looks.
type bucket struct {
	began, at time.Time
	old, new  Count
	// filling means that it is too short to be judged yet.
	filling bool
	// why says why there is none, "" if there is one.
	why string
}

func (b bucket) took() time.Duration { return b.at.Sub(b.began) }

func missing(format string, args ...any) bucket { return bucket{why: fmt.Sprintf(format, args...)} }

// growth returns the bucket that a look closes, and remembers the reading as
// the beginning of the next one.
func (s *SignalState) growth(sig Signal, c Settings, l Look) bucket {
	r := l.reading(sig.Name)
	if r == nil {
		return missing("no reading")
	}
	if why := r.wrong(sig); why != "" {
		return missing("%s", why)
	}
	last, growing, began := s.Last, s.Growing, s.LastAt
	moved, anew, took := s.LastWeight != l.Weight, s.LastEpoch != l.Epoch, l.At.Sub(began)
	if !began.IsZero() && took >= 0 && took < sig.Bucket && !r.Fresh && !moved && !anew {
		return bucket{filling: true}
	}
	s.remember(*r, l)
	switch {
	case began.IsZero():
		return missing("the first reading is only a beginning")
	case took <= 0:
		return missing("the clock did not go on: it moved by %v", took)
	case took > c.Gap:
		return missing("the reading before was %v ago", took.Round(time.Second))
	case moved:
		return missing("the split changed since the reading before")
	case r.Fresh:
		return bucket{began: began, at: l.At, old: r.Old, new: r.New}
	case anew || !growing:
		return missing("the counters started anew")
	}
	old, grown := r.Old.minus(last.Old)
	fresh, too := r.New.minus(last.New)
	if !grown || !too {
		return missing("a counter went back")
	}
	return bucket{began: began, at: l.At, old: old, new: fresh}
}

func (s *SignalState) remember(r Reading, l Look) {
	if s.LastWeight != l.Weight {
		s.OldRequests, s.NewRequests = 0, 0
	}
	s.LastAt, s.LastWeight, s.LastEpoch, s.Last = l.At, l.Weight, l.Epoch, Reading{}
	if s.Growing = !r.Fresh; s.Growing {
		r.Old.Latency = append(Histogram(nil), r.Old.Latency...)
		r.New.Latency = append(Histogram(nil), r.New.Latency...)
		s.Last = r
	}
}

// wrong says why a reading cannot be right, "" if it can.
func (r Reading) wrong(sig Signal) string {
	for _, c := range [...]Count{r.Old, r.New} {
		if why := c.wrong(); why != "" {
			return why
		}
		if sig.Kind == Latency && c.Requests > 0 && len(c.Latency) == 0 {
			return "there is no histogram of latencies"
		}
	}
	return ""
}

// leastKeyless is how many bad requests without a client key show that there
// are no keys, rather than one client that retries.
const leastKeyless = 20

// wrong says why the growth of counters cannot be right, "" if it can.
func (b bucket) wrong(sig Signal, s *SignalState) string {
	bad := b.old.Bad + b.new.Bad + s.Old.Bad + s.New.Bad
	clients := b.old.BadClients + b.new.BadClients + s.Old.BadClients + s.New.BadClients
	if sig.Unit == ByClient && bad >= leastKeyless && clients == 0 {
		return fmt.Sprintf("the %s come without client keys: compare them by block", sig.Bad)
	}
	for _, c := range [...]Count{b.old, b.new} {
		if c.Bad > c.Requests || c.BadClients > c.Bad {
			return fmt.Sprintf("more %s than %s", sig.Bad, sig.All)
		}
	}
	return ""
}
