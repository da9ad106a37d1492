package load

import (
	"math"
	"slices"
)

// medianBounds returns the ranks, from 1, of the smallest and largest of n
// values between which their median lies, except with a probability of at most
// alpha. It takes nothing for granted but that the values are independent. 0
// means that n are too few for that.
func medianBounds(n int, alpha float64) (low, high int) {
	below := 0.0 // the probability that fewer than k values are below the median
	for k := 0; k < n/2; k++ {
		below += math.Exp(logChoose(n, k) - float64(n)*math.Ln2)
		if 2*below > alpha {
			break
		}
		low = k + 1
	}
	if low == 0 {
		return 0, 0
	}
	return low, n + 1 - low
}

// median returns the middle value, or of an even number the higher of the two
// in the middle, since one of them may be infinite.
func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// atLeast is the probability of k or more successes in n tries that each
// succeed with probability p.
func atLeast(k, n int, p float64) float64 {
	sum := 0.0
	for i := k; i <= n; i++ {
		sum += math.Exp(logChoose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}

func logChoose(n, k int) float64 {
	return logFactorial(n) - logFactorial(k) - logFactorial(n-k)
}

func logFactorial(n int) float64 {
	l, _ := math.Lgamma(float64(n) + 1)
	return l
}
