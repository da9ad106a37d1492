package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestTheBoundsOfAMedianAreThoseOfTheTables(t *testing.T) {
	t.Parallel()
	// From the binomial distribution with p = 1/2, as tables of the sign test
	// have them.
	for _, c := range []struct {
		n         int
		alpha     float64
		low, high int
	}{
		{20, 0.05, 6, 15}, {20, 0.01, 4, 17}, {20, 0.001, 3, 18}, {10, 0.05, 2, 9}, {6, 0.05, 1, 6}, {5, 0.05, 0, 0}, {0, 0.05, 0, 0}, {1, 0.5, 0, 0},
	} {
		if low, high := medianBounds(c.n, c.alpha); low != c.low || high != c.high {
			t.Errorf("of %d values at %g: %d to %d, want %d to %d", c.n, c.alpha, low, high, c.low, c.high)
		}
	}
}

func TestTheTailOfABinomialIsThatOfTheTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n int
		p    float64
		want float64
	}{{0, 10, 0.5, 1}, {10, 10, 0.5, 1.0 / 1024}, {9, 10, 0.5, 11.0 / 1024}, {1, 3, 0.25, 1 - 0.75*0.75*0.75}} {
		if got := atLeast(c.k, c.n, c.p); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d or more of %d at %g: %g, want %g", c.k, c.n, c.p, got, c.want)
		}
	}
}

// played makes a comparison of two sides whose latencies are drawn: noise that
// both share from round to round, noise of each request, and a target that is
// slower by a factor.
func played(chance *rand.Rand, factor float64) Comparison {
	a, b := make([]latencies, Rounds), make([]latencies, Rounds)
	for n := range a {
		shared := math.Exp(0.5 * chance.NormFloat64())
		for range 20 {
			draw := func() float64 { return float64(10*time.Millisecond) * shared * math.Exp(0.4*chance.NormFloat64()) }
			a[n] = append(a[n], time.Duration(factor*draw()))
			b[n] = append(b[n], time.Duration(draw()))
		}
	}
	var c Comparison
	for i := range compared {
		one, _ := pairOf(i, a, b)
		c.Pairs = append(c.Pairs, one)
	}
	c.settle()
	return c
}

func TestEqualSidesAreHardlyEverToldApartAndUnequalOnesNearlyAlways(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(4, 2))
	const times = 2000
	alarms, missed, slower := 0, 0, 0
	for range times {
		c := played(chance, 1)
		if len(c.Regressions(0)) > 0 {
			alarms++
		}
		for _, p := range c.Pairs {
			if p.Low > 1 || p.High < 1 {
				missed++
				break
			}
		}
		if len(played(chance, 1.5).Regressions(0.1)) > 0 {
			slower++
		}
	}
	// 99 of 100 intervals hold; a regression is one end of them only.
	if missed > times/50 || alarms > times/100 {
		t.Errorf("%d of %d comparisons of equal sides miss the truth, %d raise an alarm", missed, times, alarms)
	}
	if slower < times*99/100 {
		t.Errorf("only %d of %d comparisons find a side that is half as slow again", slower, times)
	}
}

func TestARoundWithoutAnswersCountsAsSlowerThanAllOthers(t *testing.T) {
	t.Parallel()
	ms := func(n, count int) latencies {
		var l latencies
		for range count {
			l = append(l, time.Duration(n)*time.Millisecond)
		}
		return l
	}
	dead := latencies{never, never, never, never, never, never}
	a := []latencies{dead, ms(20, 6), dead, ms(1, 4)}
	b := []latencies{ms(10, 6), ms(10, 6), dead, ms(1, 4)}
	one, ok := pairOf(0, a, b)
	// The third round says nothing, and the fourth has too few.
	if !ok || one.Rounds != 2 || !math.IsInf(one.Ratio, 1) || one.Target != NoTime || time.Duration(one.Against) != 10*time.Millisecond {
		t.Errorf("%+v", one)
	}
	if _, ok := pairOf(1, a, b); ok {
		t.Error("six requests make a p90")
	}
}
