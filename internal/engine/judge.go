package engine

import (
	"time"

	"cutover/internal/analysis"
	"cutover/internal/release"
)

// recentSpan is the width of the sliding window that is judged beside the
// whole hold, so that a long good time cannot hide a bad present.
const recentSpan = 30 * time.Second

// stamped is a reading of the counters with its time.
type stamped struct {
	at      time.Time
	reading release.Reading
}

// judge compares both sides over the present hold and over the last moments.
// It keeps the few readings it needs; after a restart of the controller the
// sliding window simply fills again.
type judge struct {
	recent []stamped
}

// verdict returns what the traffic says about the new side. Without an
// observed front, or with counters that started anew, it is unknown.
func (j *judge) verdict(s release.State, w release.World) release.Verdict {
	if !w.Traffic.Known {
		return release.Verdict{}
	}
	now := w.Traffic.Reading()
	growth, ok := s.Count(now)
	if !ok {
		j.recent = nil
		return release.Verdict{}
	}
	whole := j.compare(s, growth)
	j.remember(w.Now, now)
	if first := j.recent[0]; whole.Kind == release.Healthy && first.reading.Epoch == now.Epoch {
		last := j.compare(s, release.Sides[release.Counters]{
			Blue:  now.Sides.Blue.Minus(first.reading.Sides.Blue),
			Green: now.Sides.Green.Minus(first.reading.Sides.Green),
		})
		if last.Kind == release.Failing {
			return last
		}
	}
	return whole
}

// remember keeps readings a second apart, as far back as the window reaches.
func (j *judge) remember(at time.Time, r release.Reading) {
	if n := len(j.recent); n > 0 && j.recent[n-1].reading.Epoch != r.Epoch {
		j.recent = nil
	}
	if n := len(j.recent); n == 0 || at.Sub(j.recent[n-1].at) >= time.Second {
		j.recent = append(j.recent, stamped{at, r})
	}
	for len(j.recent) > 1 && at.Sub(j.recent[0].at) > recentSpan {
		j.recent = j.recent[1:]
	}
}

// compare applies the guard to the growth of both sides. Where the old side
// has too little traffic of its own, its record over the release counts.
func (j *judge) compare(s release.State, growth release.Sides[release.Counters]) release.Verdict {
	fresh, old := tally(*growth.Of(s.Plan.To.Side)), tally(*growth.Of(s.Plan.From.Side))
	if old.Requests < uint64(s.Plan.Guard.MinRequests) {
		record := tally(*s.Ledger.Of(s.Plan.From.Side))
		old = analysis.Tally{Requests: old.Requests + record.Requests, Errors: old.Errors + record.Errors}
	}
	rule := analysis.ErrorShare{MinRequests: s.Plan.Guard.MinRequests, Margin: s.Plan.Guard.Margin}
	finding, why := rule.Compare(old, fresh)
	return release.Verdict{Kind: kinds[finding], Reason: why, Requests: int(fresh.Requests)}
}

var kinds = map[analysis.Finding]release.VerdictKind{
	analysis.NotEnough: release.NotEnough,
	analysis.Healthy:   release.Healthy,
	analysis.Failing:   release.Failing,
}

// tally counts a request that got a 5xx as an error, and one that got no whole
// answer too; most lost requests are both.
func tally(c release.Counters) analysis.Tally {
	return analysis.Tally{Requests: c.Accepted, Errors: max(c.Errors, c.Lost)}
}
