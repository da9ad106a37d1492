package simulation

import (
	"math"
	"testing"

	"cutover/internal/analysis"
)

func journeys(r Ramp, runs int) (arrived, back, bad []float64) {
	for i := range runs {
		j := r.Run(6, uint64(i))
		arrived, back, bad = append(arrived, j.Arrived), append(back, j.TakenBack), append(bad, j.Bad)
	}
	return arrived, back, bad
}

func ramp(rate float64) Ramp {
	return Ramp{
		Settings: errorsOnly(analysis.ByClient), Weights: []float64{0.05, 0.25, 0.95},
		Least: 10, PerSecond: 100, Old: 0.001, New: rate, Grid: 0.25, End: 120,
	}
}

func finite(xs []float64) (n int) {
	for _, x := range xs {
		if !math.IsInf(x, 0) {
			n++
		}
	}
	return n
}

func TestAHealthyReleaseReaches95PercentWithinAMinute(t *testing.T) {
	t.Parallel()
	runs := max(400/part, 10)
	arrived, back, _ := journeys(ramp(0.001), runs)
	median := Quantile(arrived, 0.5)
	t.Logf("median %.1f s, 95th %.1f s; %d of %d taken back", median, Quantile(arrived, 0.95), finite(back), runs)
	if part == 1 && median >= 60 || finite(back) > 2 {
		t.Errorf("median %.1f s; %d of %d taken back", median, finite(back), runs)
	}
}

func TestABadReleaseIsTakenBackOnItsWayUp(t *testing.T) {
	t.Parallel()
	runs := max(400/part, 10)
	arrived, back, bad := journeys(ramp(0.05), runs)
	t.Logf("taken back %d of %d after a median of %.1f s and %.0f failed requests; %d arrived", finite(back), runs, Quantile(back, 0.5), Quantile(bad, 0.5), finite(arrived))
	if finite(back) < runs-runs/100 || part == 1 && Quantile(bad, 0.5) > 5 {
		t.Errorf("taken back %d of %d, after %.0f failed requests", finite(back), runs, Quantile(bad, 0.5))
	}
}

func TestAReleaseThatIsWorseByTheMarginIsSeldomPromoted(t *testing.T) {
	t.Parallel()
	r := ramp(0.006) // the old version's 0.1 % and the margin of half a point
	r.Settings.Rollback = 1e-9
	r.Settings.Hold = 1e-9
	r.Settings.Signals[0].Margin = 0.005
	r.Weights, r.Grid, r.End = []float64{0.05, 0.25}, 1, 1800
	runs := max(600/part, 10)
	arrived, _, _ := journeys(r, runs)
	t.Logf("%d of %d promoted", finite(arrived), runs)
	if finite(arrived) > most(runs, 0.05) {
		t.Errorf("%d of %d promoted, more than 5 %%", finite(arrived), runs)
	}
}
