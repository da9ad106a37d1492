package simulation

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/analysis"
)

// Latencies is a world in which answers take a lognormal time: half of the old
// version's within 81 ms, 99 of 100 within 327 ms. 100 requests come a second,
// 5 % of them to the new version, after a minute in which the old one is alone.
type Latencies struct {
	Name   string
	Length time.Duration
	// Both is how many times longer both versions take at second t, Shift the
	// same for the new version alone.
	Both, Shift func(t float64) float64
	// Stretch is how much wider the new version's times lie, in log time, about
	// the same median.
	Stretch float64
}

const (
	median, sigma   = 0.081, 0.6
	latencyWeight   = 0.05
	latencyRate     = 100.0
	secondsBefore   = 60
	normalQuantile9 = 2.3263478740408408 // of 99 %
)

// Slower is a world in which the new version takes so many times as long.
func Slower(name string, factor float64) Latencies {
	return Latencies{Name: name, Length: horizon, Both: Always(1), Shift: Always(factor), Stretch: 1}
}

// LongTail is one in which half of the answers take as long as before, and the
// 99th of 100 so many times as long.
func LongTail(name string, factor float64) Latencies {
	l := Slower(name, 1)
	l.Stretch = 1 + math.Log(factor)/(sigma*normalQuantile9)
	return l
}

// LatencyNulls are worlds in which the new version is no slower, or only while
// it is cold.
func LatencyNulls() []Latencies {
	outage := Slower("slowdown that both share", 1)
	outage.Both = func(t float64) float64 {
		if t >= 600 && t < 780 {
			return 2
		}
		return 1
	}
	cold := Slower("cold for half a minute", 1)
	cold.Shift = after(30, 2, 1)
	return []Latencies{Slower("no difference", 1), outage, cold}
}

// lognormal is how the answers' times lie on the bins, in bins.
type lognormal struct{ middle, width float64 }

func lognormally(shift, stretch float64) lognormal {
	const edge, perDoubling = 62.5e-6, 8
	return lognormal{perDoubling * math.Log(median*shift/edge) / math.Ln2, perDoubling * stretch * sigma / math.Ln2}
}

// place returns the bin of the z-th normal deviate.
func (l lognormal) place(z float64) int {
	return min(max(int(math.Floor(l.middle+z*l.width)), 0), analysis.Bins-1)
}

// Bound returns the fewest seconds on average to see the difference.
func (l Latencies) Bound(alpha float64) float64 {
	var p, q [analysis.Bins]float64
	old, fresh := lognormally(1, 1), lognormally(l.Shift(0), l.Stretch)
	for i := range 200001 {
		z := -6 + 12*float64(i)/200000
		mass := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * 12 / 200000
		p[old.place(z)] += mass
		q[fresh.place(z)] += mass
	}
	return Bound(p[:], q[:], latencyWeight, latencyRate, alpha)
}

func (l Latencies) second(r *rand.Rand, t float64, weight float64, to *analysis.Reading) {
	both := l.Both(t)
	old, fresh := lognormally(both, 1), lognormally(both*l.Shift(t), l.Stretch)
	for range int(poisson(r, latencyRate*(1-weight))) {
		to.Old.Latency[old.place(r.NormFloat64())]++
		to.Old.Requests++
	}
	for range int(poisson(r, latencyRate*weight)) {
		to.New.Latency[fresh.place(r.NormFloat64())]++
		to.New.Requests++
	}
}

// one looks every second until the verdict.
func (l Latencies) one(c analysis.Settings, r *rand.Rand) Outcome {
	reading := analysis.Reading{Signal: "latency"}
	reading.Old.Latency, reading.New.Latency = make(analysis.Histogram, analysis.Bins), make(analysis.Histogram, analysis.Bins)
	var state analysis.State
	for t := float64(-secondsBefore); t < l.Length.Seconds(); t++ {
		weight := latencyWeight
		if t < 0 {
			weight = 0
		}
		look := analysis.Look{At: epoch.Add(time.Duration(t) * time.Second), Weight: weight, Random: true, Readings: []analysis.Reading{reading}}
		if c.Judge(&state, look).Finding == analysis.Failing {
			return Outcome{Fired: true, After: t, Served: reading.New.Requests}
		}
		l.second(r, t, weight, &reading)
	}
	return Outcome{After: math.Inf(1), Served: reading.New.Requests}
}

// Runs puts the settings, which must have the signal "latency", through many
// runs and returns the outcomes.
func (l Latencies) Runs(c analysis.Settings, runs int, seed uint64) []Outcome {
	out := make([]Outcome, runs)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(runs); i = next.Add(1) - 1 {
				out[i] = l.one(c, rand.New(rand.NewPCG(seed, uint64(i))))
			}
		})
	}
	wg.Wait()
	return out
}
