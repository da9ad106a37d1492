package analysis

import (
	"math"
	"testing"
)

// choose returns the logarithm of n over k.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

func TestTheOddsGainNothingOnAverageWhereNothingIsWorse(t *testing.T) {
	for _, c := range []struct{ n, fresh, bad int }{{20, 1, 1}, {20, 1, 3}, {100, 5, 2}, {100, 50, 10}, {40, 38, 7}, {3, 1, 2}} {
		share := float64(c.fresh) / float64(c.n)
		measured, known := 0.0, 0.0
		for k := range c.bad + 1 {
			var w Wealth
			w.odds(new(stakes).at(share, 1), float64(k), float64(c.bad-k))
			gain := math.Exp(w.Log)
			// The split measured in the bucket: which k of the bad are the new
			// version's is a draw without replacement.
			if k <= c.fresh && c.bad-k <= c.n-c.fresh {
				measured += gain * math.Exp(choose(c.bad, k)+choose(c.n-c.bad, c.fresh-k)-choose(c.n, c.fresh))
			}
			known += gain * math.Exp(choose(c.bad, k)) * math.Pow(share, float64(k)) * math.Pow(1-share, float64(c.bad-k))
		}
		if measured > 1+1e-9 || math.Abs(known-1) > 1e-9 {
			t.Errorf("%+v: the wealth becomes %v on average where the share is measured, %v where it is known", c, measured, known)
		}
	}
}

func TestToleranceAsksForMore(t *testing.T) {
	var strict, lax Wealth
	strict.odds(new(stakes).at(0.05, 1), 4, 0)
	lax.odds(new(stakes).at(0.05, 1.5), 4, 0)
	if !(strict.Log > lax.Log && lax.Log > 0) {
		t.Errorf("four bad requests gave %v without and %v with tolerance", strict.Log, lax.Log)
	}
}

func TestAFewBadRequestsOfASmallShareSuffice(t *testing.T) {
	var w Wealth
	n := 0
	for ; w.Log < evidence(0.001); n++ {
		w.odds(new(stakes).at(0.05, 1), 1, 0)
	}
	if n > 4 {
		t.Errorf("it took %d bad requests in a row", n)
	}
}
