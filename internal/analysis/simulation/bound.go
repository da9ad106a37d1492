package simulation

import "math"

// Bound returns how many seconds any test with a concurrent old version needs
// on average to be wrong with a chance of alpha at most: ln(1/alpha) over the
// weighted Jensen-Shannon divergence of the two distributions, times the
// requests per second. p and q are the old and the new version's outcomes.
func Bound(p, q []float64, weight, perSecond, alpha float64) float64 {
	divergence := 0.0
	for k := range p {
		m := weight*q[k] + (1-weight)*p[k]
		divergence += weight*surprise(q[k], m) + (1-weight)*surprise(p[k], m)
	}
	return math.Log(1/alpha) / divergence / perSecond
}

func surprise(p, m float64) float64 {
	if p == 0 {
		return 0
	}
	return p * math.Log(p/m)
}

// ErrorBound is Bound for two rates of bad requests.
func ErrorBound(old, fresh, weight, perSecond, alpha float64) float64 {
	return Bound([]float64{old, 1 - old}, []float64{fresh, 1 - fresh}, weight, perSecond, alpha)
}
