package load

import "time"

// Progress is how a load stands, at one moment.
type Progress struct {
	// Elapsed is the time since the beginning, Of the longest it goes on.
	Elapsed, Of time.Duration
	// WarmUp says that nothing is measured yet.
	WarmUp bool
	// Level is what is asked now: iterations a second, or users.
	Level float64
	Sides []Pace
}

// Pace is how one side stands. Done and Errors are requests, and with P50 and
// P99 they are of the time since the last Progress. Percentiles are of what
// was answered; 0 if nothing was.
type Pace struct {
	Name         string
	Done, Errors uint64
	P50, P99     time.Duration
	// InFlight are iterations under way. Total counts requests that are done,
	// Faulty those of them that went wrong, Dropped iterations that were due and
	// not sent, all since the measuring began.
	InFlight               int
	Total, Faulty, Dropped uint64
}

func (l *load) progress(now time.Time) Progress {
	elapsed := now.Sub(l.began)
	p := Progress{Elapsed: elapsed, Of: l.program.ramp.lasts(), WarmUp: elapsed < l.program.plan.WarmUp, Level: l.program.ramp.level(elapsed)}
	for _, s := range l.sides {
		p.Sides = append(p.Sides, s.tally.pace(s.name))
	}
	return p
}

func (t *tally) pace(name string) Pace {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := Pace{Name: name, Done: t.recent.done, Errors: t.recent.errors, InFlight: t.inFlight,
		Total: t.all.done, Faulty: t.all.done - t.all.good, Dropped: t.dropped}
	if t.recent.latency.TotalCount() > 0 {
		p.P50, p.P99 = quantile(t.recent.latency, 50), quantile(t.recent.latency, 99)
	}
	t.recent.done, t.recent.errors = 0, 0
	t.recent.latency.Reset()
	return p
}
