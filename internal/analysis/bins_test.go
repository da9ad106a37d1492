package analysis

import (
	"testing"
	"time"
)

func TestEveryLatencyBelongsToOneBin(t *testing.T) {
	for _, d := range []time.Duration{0, time.Nanosecond, 63 * time.Microsecond, time.Millisecond, 81 * time.Millisecond, time.Minute, 48 * time.Hour} {
		k := Bin(d)
		if k < 0 || k >= Bins || k > 0 && d < Edge(k) || k < Bins-1 && d >= Edge(k+1) {
			t.Errorf("%v is in bin %d, which begins at %v", d, k, Edge(k))
		}
	}
}

func TestAQuantileIsWithinABin(t *testing.T) {
	var h Histogram
	for ms := 1; ms <= 1000; ms++ {
		d := time.Duration(ms) * time.Millisecond
		h.Record(d, d+time.Millisecond/10, 1)
	}
	if p := h.Quantile(0.99); p < 990*time.Millisecond || p > 1100*time.Millisecond || h.Total() != 1000 {
		t.Errorf("99 %% of %v are within %v", h.Total(), p)
	}
	if (Histogram{}).Quantile(0.5) != 0 {
		t.Error("no requests have a quantile")
	}
}

func TestAHistogramLoweredKeepsItsRequests(t *testing.T) {
	h := Histogram{5, 0, 3, 8}
	for _, by := range []float64{0, 0.563, 1, 2.25, 40} {
		if low := h.lower(by); low.Total() != h.Total() || low.Quantile(0.9) > h.Quantile(0.9) {
			t.Errorf("lowered by %v bins: %v", by, low)
		}
	}
}
