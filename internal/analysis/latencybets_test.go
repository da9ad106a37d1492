package analysis

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func lognormal(n float64) Histogram {
	h := make(Histogram, Bins)
	for k := range h {
		z := (math.Log(float64(Edge(k))/float64(80*time.Millisecond)) + 0.04) / 0.6
		h[k] = math.Round(n * math.Exp(-z*z/2) / 17)
	}
	return h
}

func TestBetsOnLatencyRiseWithLatency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		basis := Histogram(rapid.SliceOfN(rapid.Float64Range(0, 1000), 1, Bins).Draw(t, "basis"))
		b := newLatencyBets(basis)
		for i, row := range b.ratio {
			for k, g := range row {
				if !(g >= leastRatio && g <= mostRatio) || k > 0 && g < row[k-1] {
					t.Fatalf("bet %d has ratio %v in bin %d, after %v", i, g, k, row[max(k-1, 0)])
				}
			}
		}
	})
}

// A bucket multiplies the wealth by A per request of the new version and B per
// request of the old one on average; by the inequality of the means that is
// at most (share*A + (1-share)*B)^requests.
func TestBetsOnLatencyGainNothingAgainstAFasterVersion(t *testing.T) {
	b := newLatencyBets(lognormal(5000))
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0.001, 0.999).Draw(t, "share")
		old := rapid.SliceOfN(rapid.Float64Range(1e-9, 1), Bins, Bins).Draw(t, "old")
		quicker := rapid.IntRange(0, Bins).Draw(t, "quicker by")
		total := 0.0
		for _, p := range old {
			total += p
		}
		for i := range latencyBetCount {
			mean := 0.0
			for k, p := range old {
				g, faster := b.ratio[i][k], b.ratio[i][max(k-quicker, 0)]
				mean += p / total * (share*faster/(1-share+share*faster) + (1-share)/(1-share+share*g))
			}
			if mean > 1+1e-9 {
				t.Fatalf("bet %d gains %v a request", i, mean)
			}
		}
	})
}

func TestRisingKeepsTheMean(t *testing.T) {
	g, p := []float64{3, 1, 2, 5, 4}, []float64{0.1, 0.3, 0.2, 0.3, 0.1}
	before, after := 0.0, 0.0
	for k, fit := range rising(g, p) {
		before, after = before+p[k]*g[k], after+p[k]*fit
	}
	if math.Abs(before-after) > 1e-12 {
		t.Errorf("the mean was %v and is %v", before, after)
	}
}
