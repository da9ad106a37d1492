package analysis

import "math"

// The bounded bets on one block: the part of the wealth put on the new version
// being the worse one. The last is the sleeper.
var (
	sideParts = [...]float64{0.2, 0.6, 0.95}
	sidePrior = []float64{0.2, 0.25, 0.4, 0.15}
)

// sides bets on which of two like sides spoke against itself in a block: old
// times the one, fresh times the other. The factor is 1+f(fresh-old)/(fresh+old):
// 1 or less on average if the sides can change places, whatever the pairs of
// the block have to do with each other.
func (w *Wealth) sides(old, fresh float64) {
	if old+fresh == 0 {
		return
	}
	lean := (fresh - old) / (fresh + old)
	var logs [len(sideParts) + 1]float64
	for i, f := range sideParts {
		logs[i] = math.Log1p(f * lean)
	}
	w.bet(sidePrior, logs[:], 1, oddsSlow)
}

// The bets against "the new version goes wrong more often by the margin", as
// parts of the largest bet that cannot lose everything. The last sleeps.
var (
	betterParts = [...]float64{0.3, 0.6, 0.95}
	betterPrior = []float64{0.2, 0.3, 0.4, 0.1}
)

// promote takes a pair as evidence that the new version is not worse by the
// margin d. With D = 1 where it alone went wrong and -1 where the old one did,
// the claim is that D is d or more on average; the factor 1+f(d-D)/(1-d) is 1
// or less then. The old version's rate need not be known.
func (s *PairState) promote(c Pairs, p Pair) {
	old, fresh := p.only()
	d := c.Margin
	var logs [len(betterParts) + 1]float64
	for i, f := range betterParts {
		logs[i] = math.Log1p(f * (d - (fresh - old)) / (1 - d))
	}
	s.Better.Wealth.bet(betterPrior, logs[:], old+fresh, oddsSlow)
}

// mostMissing bounds what missing looks for.
const mostMissing = 1 << 20

// missing is how many more pairs without a difference it takes to go on.
func (s *PairState) missing(c Pairs) float64 {
	shares := s.Better.Wealth.Shares
	if len(shares) != len(betterPrior) {
		shares = betterPrior
	}
	left := evidence(c.Promote) - s.Better.Wealth.Log
	if left <= 0 {
		return 0
	}
	few, many := 0, mostMissing
	for few < many {
		n := (few + many) / 2
		grown := shares[len(betterParts)]
		for i, f := range betterParts {
			grown += shares[i] * math.Exp(float64(n)*math.Log1p(f*c.Margin/(1-c.Margin)))
		}
		if math.Log(grown) >= left {
			many = n
		} else {
			few = n + 1
		}
	}
	return float64(many)
}
