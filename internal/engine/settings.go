package engine

import (
	"time"

	"cutover/internal/analysis"
	"cutover/internal/release"
)

const (
	// The front's counters go on growing while nobody looks at them, so
	// readings this far apart can be compared: longer than the longest time
	// between two records of the comparison.
	comparableGap = 30 * time.Minute
	// leastLatency is the shortest time that is told from shorter ones. A side
	// with little traffic answers some tenths of a millisecond later, since
	// its connections have to be opened anew: that is no slower version.
	leastLatency = 10 * time.Millisecond
)

// The names of the signals.
const (
	errorsSignal  = "errors"
	latencySignal = "latency"
)

// settingsOf says how the versions of a plan are compared. They follow from
// the plan alone, so they stay the same for the whole release.
func settingsOf(p release.Plan) analysis.Settings {
	c, g := analysis.Defaults(), p.Guard
	c.Old, c.New, c.Gap = string(p.From.Side), string(p.To.Side), comparableGap
	errors, latency := analysis.Errors(), analysis.Latencies()
	errors.Name, latency.Name, errors.Margin = errorsSignal, latencySignal, g.Margin
	c.Signals = []analysis.Signal{errors, latency}
	if g.FalseAlarms == 0 {
		return shared(c, p)
	}
	c.Rollback, c.Hold = g.FalseAlarms, max(c.Hold, g.FalseAlarms)
	c.Signals[0].Limit = g.Outage
	c.Signals[1].Ratio, c.Signals[1].Skip = 1+g.Slower, g.WarmUp
	if g.Slower == release.AnySlower {
		c.Signals = c.Signals[:1]
	}
	return shared(c, p)
}

// shared leaves the synthetic requests of a plan their part of what may go
// wrong, so that users and they together keep to the whole.
func shared(c analysis.Settings, p release.Plan) analysis.Settings {
	if p.Synthetic == nil {
		return c
	}
	c.Rollback *= 1 - syntheticPart
	if p.Synthetic.Promotes {
		c.Promote /= 2
	}
	return c
}

// readings returns what each signal reads from the users' experience.
func readings(signals []analysis.Signal, old, fresh release.Experience) []analysis.Reading {
	list := []analysis.Reading{{Signal: errorsSignal, Old: failures(old), New: failures(fresh)}}
	if len(signals) > 1 {
		list = append(list, analysis.Reading{Signal: latencySignal, Old: latencies(old), New: latencies(fresh)})
	}
	return list
}

func failures(u release.Experience) analysis.Count {
	return analysis.Count{Requests: float64(u.Requests), Bad: float64(u.Bad), BadClients: float64(u.BadClients), Clients: float64(u.Clients)}
}

// latencies is a histogram in which all that is shorter than leastLatency is
// alike.
func latencies(u release.Experience) analysis.Count {
	var c analysis.Count
	least := analysis.Bin(leastLatency)
	for _, l := range u.Latency {
		bin := min(max(l.Bin, least), analysis.Bins-1)
		for len(c.Latency) <= bin {
			c.Latency = append(c.Latency, 0)
		}
		c.Latency[bin] += float64(l.Count)
		c.Requests += float64(l.Count)
	}
	return c
}

// evidenceOf returns the numbers of an assessment for the record.
func evidenceOf(a analysis.Assessment) *release.Evidence {
	e := &release.Evidence{Against: a.Against, AgainstNeeded: a.AgainstNeeded, For: a.For, ForNeeded: a.ForNeeded, MoreRequests: a.MoreRequests}
	for _, s := range a.Signals {
		e.Signals = append(e.Signals, release.SignalEvidence{
			Signal: s.Signal, Old: observed(s.Old, s.RecentOld), New: observed(s.New, s.RecentNew),
			Against: s.Against, For: s.For, Part: s.Part, Margin: s.Margin, Alone: s.Alone, Missing: s.Missing,
		})
	}
	return e
}

func observed(c analysis.Count, recent float64) release.Observed {
	return release.Observed{Requests: c.Requests, Bad: c.Bad, RecentBad: recent, Half: c.Latency.Quantile(0.5), Most: c.Latency.Quantile(0.99)}
}
