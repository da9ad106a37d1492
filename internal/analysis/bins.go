package analysis

import (
	"math"
	"time"
)

// Bins is how many bins a latency histogram has: eight to each doubling, from
// 62.5 microseconds to 131 seconds. What is shorter or longer counts in the
// first or last one.
const (
	Bins        = 168
	perDoubling = 8
	firstEdge   = 62500 * time.Nanosecond
)

// Histogram counts requests by how long their answer took. It may be shorter
// than Bins: what is missing at its end is empty.
type Histogram []float64

// Bin returns the bin that a latency belongs to, 0 .. Bins-1.
func Bin(d time.Duration) int {
	if d <= firstEdge {
		return 0
	}
	return min(int(perDoubling*math.Log2(float64(d)/float64(firstEdge))), Bins-1)
}

// Edge returns the lower end of a bin.
func Edge(bin int) time.Duration {
	return time.Duration(float64(firstEdge) * math.Exp2(float64(bin)/perDoubling))
}

// Record counts n requests that took from a to b: those of one bucket of
// another histogram. They go to the bin in the middle, on the log scale.
func (h *Histogram) Record(a, b time.Duration, n float64) {
	low, high := float64(max(a, time.Nanosecond)), float64(max(a, b, time.Nanosecond))
	bin := Bin(time.Duration(math.Sqrt(low) * math.Sqrt(high)))
	for len(*h) <= bin {
		*h = append(*h, 0)
	}
	(*h)[bin] += n
}

// Total is how many requests it counts.
func (h Histogram) Total() float64 {
	total := 0.0
	for _, n := range h {
		total += n
	}
	return total
}

// Quantile returns the latency that the share q, 0..1, of the requests stays
// below, within one bin (9 %); 0 if there are none.
func (h Histogram) Quantile(q float64) time.Duration {
	left := q * h.Total()
	for k, n := range h {
		if left -= n; n > 0 && left <= 0 {
			return Edge(k + 1)
		}
	}
	return 0
}

// plus returns the sum of both in a histogram of its own.
func (h Histogram) plus(other Histogram) Histogram {
	long, short := h, other
	if len(short) > len(long) {
		long, short = short, long
	}
	sum := append(Histogram(nil), long...)
	for k, n := range short {
		sum[k] += n
	}
	return sum
}

// lower returns it with every latency divided by 2^(bins/8): a request that
// falls between two bins counts in part in each.
func (h Histogram) lower(bins float64) Histogram {
	whole, part := int(bins), bins-math.Floor(bins)
	out := make(Histogram, len(h))
	for k, n := range h {
		out[max(k-whole, 0)] += n * (1 - part)
		out[max(k-whole-1, 0)] += n * part
	}
	return out
}
