package analysis

import "math"

// The bets on how the new version's latencies differ from the old one's: all
// longer by a factor, the upper half stretched (a power of the distance from
// the median), or more requests than one in a hundred beyond the old p99.
var (
	shifts     = [...]float64{1.1, 1.3, 2}
	stretches  = [...]float64{1.08, 1.2, 1.5}
	tailShares = [...]float64{0.05}
)

const (
	latencyBetCount = len(shifts) + len(stretches) + len(tailShares)
	// A ratio beyond these is not believed, however sure the old version's
	// histogram seems to be of it.
	leastRatio, mostRatio = 0.02, 50
	// sleeping is the part of the stake that is not bet.
	sleeping = 0.15
)

var latencyPrior = func() []float64 {
	prior := make([]float64, latencyBetCount+1)
	for i := range latencyBetCount {
		prior[i] = (1 - sleeping) / float64(latencyBetCount)
	}
	prior[latencyBetCount] = sleeping
	return prior
}()

// latencyBets are density ratios by bin, one row a bet, and their logarithms.
// Each grows with the latency: so a version that is only faster never gives
// evidence, whatever its distribution.
type latencyBets struct {
	ratio, log [latencyBetCount][Bins]float64
}

// newLatencyBets makes the bets from what the old version did before.
func newLatencyBets(basis Histogram) *latencyBets {
	p := smooth(basis)
	var rows [][]float64
	for _, x := range shifts {
		rows = append(rows, shifted(p, perDoubling*math.Log2(x)))
	}
	for _, x := range stretches {
		rows = append(rows, stretched(p, x))
	}
	for _, x := range tailShares {
		rows = append(rows, tailed(p, 0.99, x))
	}
	var b latencyBets
	for i, q := range rows {
		for k := range q {
			q[k] /= p[k]
		}
		for k, g := range rising(q, p) {
			g = between(g, leastRatio, mostRatio)
			b.ratio[i][k], b.log[i][k] = g, math.Log(g)
		}
	}
	return &b
}

// smooth turns counts into a distribution without empty bins: each count is
// spread over its neighbours, and every bin gets a trace.
func smooth(h Histogram) []float64 {
	kernel := [...]float64{1. / 9, 2. / 9, 3. / 9, 2. / 9, 1. / 9}
	const trace = 0.01
	p := make([]float64, Bins)
	total := h.Total() + Bins*trace
	for k := range p {
		p[k] += trace / total
	}
	for k, n := range h {
		for d, part := range kernel {
			p[int(between(float64(k+d-2), 0, Bins-1))] += n * part / total
		}
	}
	return p
}

// shifted moves the distribution up by a number of bins.
func shifted(p []float64, bins float64) []float64 {
	q := make([]float64, len(p))
	for k, mass := range p {
		deal(q, float64(k)+bins, mass)
	}
	return q
}

// stretched multiplies the distance from the median, in log latency.
func stretched(p []float64, by float64) []float64 {
	q, middle := make([]float64, len(p)), quantileBin(p, 0.5)
	for k, mass := range p {
		deal(q, max(float64(k), middle+(float64(k)-middle)*by), mass)
	}
	return q
}

// tailed gives the part beyond quantile from the weight to instead.
func tailed(p []float64, from, to float64) []float64 {
	cut := int(quantileBin(p, from)) + 1
	beyond := 0.0
	for k := cut; k < len(p); k++ {
		beyond += p[k]
	}
	q := append([]float64(nil), p...)
	for k := range q {
		if k < cut {
			q[k] *= (1 - to) / (1 - beyond)
		} else {
			q[k] *= to / beyond
		}
	}
	return q
}

// deal puts mass at a place between two bins.
func deal(q []float64, at, mass float64) {
	at = min(at, float64(len(q)-1))
	low := int(at)
	part := at - float64(low)
	q[low] += mass * (1 - part)
	q[min(low+1, len(q)-1)] += mass * part
}

// quantileBin returns where the distribution reaches quantile, in bins.
func quantileBin(p []float64, quantile float64) float64 {
	for k, mass := range p {
		if quantile -= mass; quantile <= 0 {
			return float64(k)
		}
	}
	return float64(len(p) - 1)
}

// rising returns the non-decreasing row that fits g best, weighted by p (pool
// adjacent violators). It keeps the mean of g under p.
func rising(g, p []float64) []float64 {
	type pool struct {
		value, weight float64
		bins          int
	}
	var pools []pool
	for k := range g {
		pools = append(pools, pool{g[k], p[k], 1})
		for n := len(pools); n > 1 && pools[n-2].value > pools[n-1].value; n = len(pools) {
			a, b := pools[n-2], pools[n-1]
			weight := a.weight + b.weight
			pools = append(pools[:n-2], pool{(a.value*a.weight + b.value*b.weight) / weight, weight, a.bins + b.bins})
		}
	}
	out := make([]float64, 0, len(g))
	for _, q := range pools {
		for range q.bins {
			out = append(out, q.value)
		}
	}
	return out
}
