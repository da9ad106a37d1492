package load

import (
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// result sums up what there is at a moment: the end, when nothing is under
// way.
func (l *load) result(now time.Time) Result {
	p := l.program.plan
	r := Result{Name: p.Name, Model: p.Model, Began: l.began, Interrupted: l.hard.Err() != nil, Judgements: []Judged{}}
	took := l.took(now)
	r.Took = Millis(took)
	for _, s := range l.sides {
		side := s.tally.side(s, took)
		if p.Model == Open && took > 0 {
			side.Asked = float64(side.Iterations.Due) / l.asked(took).Seconds()
		}
		r.Sides = append(r.Sides, side)
	}
	for _, t := range p.Thresholds {
		r.Judgements = append(r.Judgements, l.judge(t, took))
	}
	if len(l.sides) == 2 {
		r.Ratios = compare(r.Sides[0], r.Sides[1])
	}
	r.Notes = l.notes(r)
	return r
}

// asked is how much of the measured time iterations were due in.
func (l *load) asked(took time.Duration) time.Duration {
	p := l.program.plan
	end := l.program.ramp.lasts()
	if at, ok := l.program.ramp.arrival(p.Iterations); p.Iterations > 0 && ok {
		end = at
	}
	return max(min(end-p.WarmUp, took), time.Nanosecond)
}

// took is how long was measured: to the last answer, or to the end of what
// was asked if that is later.
func (l *load) took(now time.Time) time.Duration {
	p := l.program.plan
	from := l.began.Add(p.WarmUp)
	end := from
	for _, s := range l.sides {
		s.tally.mu.Lock()
		if s.tally.last.After(end) {
			end = s.tally.last
		}
		s.tally.mu.Unlock()
	}
	asked := l.began.Add(l.program.ramp.lasts())
	if at, ok := l.program.ramp.arrival(p.Iterations); p.Iterations > 0 && ok && p.Model == Open {
		asked = l.began.Add(at)
	}
	if asked.After(end) && (p.Model == Open || p.Iterations == 0) {
		end = asked
	}
	if l.hard.Err() != nil && now.Before(end) {
		end = now
	}
	return max(end.Sub(from), 0)
}

func (t *tally) side(s *side, took time.Duration) Side {
	t.mu.Lock()
	defer t.mu.Unlock()
	side := Side{Name: s.name, Total: t.all.account(took), Requests: []Account{}, Pages: []Account{}, Targets: []Account{}, Late: timesOf(t.late, nil)}
	side.Iterations = Iterations{Due: t.begun + t.dropped, Whole: t.whole, Failed: t.failed, Unfinished: t.cut, Dropped: t.dropped}
	for _, r := range t.requests {
		side.Requests = append(side.Requests, r.account(took))
	}
	for _, r := range t.pages {
		side.Pages = append(side.Pages, r.account(took))
	}
	for _, h := range s.hosts {
		side.Targets = append(side.Targets, t.hosts[h].account(took))
	}
	return side
}

func (r *row) account(took time.Duration) Account {
	a := Account{Name: r.name, Done: r.done, Good: r.good, Errors: r.done - r.good, Faults: maps.Clone(r.faults), Statuses: maps.Clone(r.statuses),
		Wrong: r.wrong(), Dropped: r.dropped, Cancelled: r.cancelled, Resent: r.resent, Rate: r.rate(took), ErrorShare: r.errorShare(),
		In: r.in, Out: r.out, Latency: timesOf(r.latency, r.percentile), Service: timesOf(r.service, nil)}
	return a
}

func (r *row) rate(took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(r.good) / took.Seconds()
}

func (r *row) errorShare() float64 {
	if r.done == 0 {
		return 0
	}
	return float64(r.done-r.good) / float64(r.done)
}

// timesOf sums up a histogram, with percentiles of its own or as given.
func timesOf(h *hdrhistogram.Histogram, percentile func(float64) (time.Duration, bool)) Times {
	if percentile == nil {
		percentile = func(p float64) (time.Duration, bool) { return quantile(h, p), h.TotalCount() > 0 }
	}
	at := func(p float64) Millis {
		if d, ok := percentile(p); ok {
			return Millis(d)
		}
		return NoTime
	}
	t := Times{Count: uint64(h.TotalCount()), Mean: NoTime, Max: NoTime, P50: at(50), P90: at(90), P95: at(95), P99: at(99), P999: at(99.9)}
	if t.Count > 0 {
		t.Mean = Millis(math.Round(h.Mean() * float64(time.Microsecond)))
		t.Max = Millis(h.Max() * int64(time.Microsecond))
	}
	return t
}

// lateness is what this machine may be late at the 99th percentile before
// the latencies are doubted.
const lateness = 10 * time.Millisecond

// notes says what a reader of the figures has to know.
func (l *load) notes(r Result) []string {
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if r.Interrupted {
		note("it was called off before its end: the figures are of what there was until then")
	}
	for _, s := range r.Sides {
		if s.Total.Done == 0 {
			note("%s: no request has come to an end", s.Name)
		}
		if n := s.Iterations.Dropped; n > 0 {
			note("%s: %d of %d iterations that were due were not sent, because %d were under way or this machine was too late; percentiles count them as slower than all others (inFlight raises the bound)",
				s.Name, n, s.Iterations.Due, l.program.plan.InFlight)
		}
		if late := time.Duration(s.Late.P99); s.Late.P99 != NoTime && late > lateness {
			note("%s: 1 of 100 requests was sent %s late or later: this machine may be the limit, not the target", s.Name, s.Late.P99)
		}
		if n := s.Total.Faults[LocalFault]; n > 0 {
			note("%s: %d requests could not be sent by this machine; they say nothing of the target", s.Name, n)
		}
		if s.Total.Resent > 0 {
			note("%s: %d requests were sent once more because a kept connection had been closed", s.Name, s.Total.Resent)
		}
	}
	return notes
}
