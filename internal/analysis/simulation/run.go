package simulation

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/analysis"
)

// Rule is a way to decide from traffic that the new version is worse. Add
// takes the next span and returns true when it decides so.
type Rule interface {
	Add(s Span) bool
}

// Outcome is what a rule did in one run.
type Outcome struct {
	Fired bool
	// After is the seconds until it did, infinite if it did not.
	After float64
	// Bad and Served are the new version's bad requests, and all of its
	// requests, until then.
	Bad, Served float64
}

// Runs puts a rule, made anew for each, through many runs of a scenario and
// returns the outcomes, in the order of the runs.
func Runs(sc Scenario, grid, quiet time.Duration, runs int, seed uint64, rule func() Rule) []Outcome {
	out := make([]Outcome, runs)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			g := &Traffic{Scenario: sc, Grid: grid.Seconds(), Quiet: quiet.Seconds(), once: analysis.NewOnce(analysis.OncePer)}
			for i := next.Add(1) - 1; i < int64(runs); i = next.Add(1) - 1 {
				g.begin(seed, uint64(i))
				out[i] = one(g, rule())
			}
		})
	}
	wg.Wait()
	return out
}

func one(g *Traffic, rule Rule) Outcome {
	o := Outcome{After: math.Inf(1)}
	g.each(func(s Span) bool {
		o.Bad, o.Served = o.Bad+s.New.Bad, o.Served+s.New.Requests
		if rule.Add(s) {
			o.Fired, o.After = true, s.To
		}
		return !o.Fired
	})
	return o
}

// Summary sums up many runs.
type Summary struct {
	Runs, Fired                int
	Median, P95                float64 // seconds
	BadMedian, BadP95, Request float64
}

// Summarise returns the summary of the outcomes.
func Summarise(out []Outcome) Summary {
	s := Summary{Runs: len(out)}
	var after, bad, served []float64
	for _, o := range out {
		if o.Fired {
			s.Fired++
		}
		after, bad, served = append(after, o.After), append(bad, o.Bad), append(served, o.Served)
	}
	s.Median, s.P95 = Quantile(after, 0.5), Quantile(after, 0.95)
	s.BadMedian, s.BadP95, s.Request = Quantile(bad, 0.5), Quantile(bad, 0.95), Quantile(served, 0.5)
	return s
}

// Quantile returns the value that the part q of xs does not exceed.
func Quantile(xs []float64, q float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[min(int(math.Ceil(q*float64(len(xs))))-1, len(xs)-1)]
}
