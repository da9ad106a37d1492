package shadow

import "math"

// coin tests, at any time and as often as wanted, whether green differs from
// blue more often than blue differs from itself.
//
// Both are asked at the same moment with the request that blue has answered
// before. If the versions are the same, blue's second answer and green's are
// interchangeable: where just one of the two differs from the first, it is
// green's as likely as not. The coin bets on green; under that hypothesis the
// wealth is expected to stay at 1, so it reaches 1/alpha at any time with a
// probability of at most alpha (Ville).
type coin struct {
	// green and blue count the tosses: only one of them differed.
	green, blue uint64
	// most is the logarithm of the highest wealth so far.
	most float64
}

// bet is one component of the mixture: a probability that a toss is green's.
type bet struct{ green, stake float64 }

// bets: most is staked on a difference that blue never shows, the rest on
// ones that are only more frequent.
var bets = []bet{{1, 0.7}, {0.9, 0.12}, {0.75, 0.1}, {0.6, 0.08}}

// toss enters one sample in which exactly one of the two differed.
func (c *coin) toss(green bool) {
	if green {
		c.green++
	} else {
		c.blue++
	}
	c.most = max(c.most, c.wealth())
}

// wealth returns the logarithm of what the bets have made of 1. It depends on
// the counts alone, not on their order.
func (c *coin) wealth() float64 {
	logs := make([]float64, len(bets))
	top := math.Inf(-1)
	for i, b := range bets {
		logs[i] = math.Log(b.stake) + times(c.green, 2*b.green) + times(c.blue, 2*(1-b.green))
		top = max(top, logs[i])
	}
	sum := 0.0
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum)
}

// times returns the logarithm of f to the power of n.
func times(n uint64, f float64) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) * math.Log(f)
}

// p returns the probability, valid at any time, that the wealth gets as high
// as it was if the versions are the same.
func (c *coin) p() float64 { return math.Exp(-max(c.most, 0)) }

// part is path number k's part of the permitted error, k counted from 1 in
// the order of the paths' first tosses. That order does not depend on whose
// the tosses were, so the coins stay fair given their numbers. The parts add
// up to one however many paths there will be: 16/((k+15)(k+16)) is
// 16/(k+15) - 16/(k+16).
func part(k int) float64 {
	return 16 / (float64(k+15) * float64(k+16))
}
