package analysis

import "math"

// rateLogs fills logs with what bad requests among all say for each rate of
// alternatives against the rate claimed, both within 0..1 and not at its ends.
func rateLogs(logs []float64, bad, all, claimed float64, alternatives []float64) {
	for i, p := range alternatives {
		logs[i] = bad*math.Log(p/claimed) + (all-bad)*(math.Log1p(-p)-math.Log1p(-claimed))
	}
}

// above bets that a rate is above the claimed one, by the ratios of odds. It
// serves where there is no other version to compare with. The last bet sleeps.
func (w *Wealth) above(claimed, bad, all float64) {
	var rates [len(oddsRatios)]float64
	for i, r := range oddsRatios {
		rates[i] = between(claimed*r, claimed, (claimed+19)/20)
	}
	var logs [len(oddsRatios) + 1]float64
	rateLogs(logs[:], bad, all, claimed, rates[:])
	w.bet(oddsPrior, logs[:], bad, oddsSlow)
}

func between(x, least, most float64) float64 { return min(max(x, least), most) }
