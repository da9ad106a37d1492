package simulation

import (
	"testing"
	"time"

	"cutover/internal/analysis"
)

func latencyOnly(ratio float64, skip time.Duration) analysis.Settings {
	c := analysis.Defaults()
	c.Signals = []analysis.Signal{analysis.Latencies()}
	c.Signals[0].Ratio, c.Signals[0].Skip = ratio, skip
	return c
}

func TestASlowerVersionIsFoundNearTheBound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		world Latencies
		most  float64 // times the bound
	}{
		{Slower("all 10 % slower", 1.1), 1.5},
		{Slower("all 25 % slower", 1.25), 1.5},
		{Slower("all twice as slow", 2), 2}, // looks are a second apart, the bound is 2.3 s
		{LongTail("tail 25 % longer", 1.25), 3},
		{LongTail("tail twice as long", 2), 3},
	} {
		s := Summarise(c.world.Runs(latencyOnly(1, 0), max(400/part, 10), 3))
		bound := c.world.Bound(0.001)
		t.Logf("%s: median %.0f s, 95th %.0f s, bound %.1f s: %.2f times", c.world.Name, s.Median, s.P95, bound, s.Median/bound)
		if part == 1 && s.Median > c.most*bound {
			t.Errorf("%s: the median of %.0f s is %.2f times the bound, more than %.1f", c.world.Name, s.Median, s.Median/bound, c.most)
		}
	}
}

func TestAVersionThatIsNoSlowerIsLeftAlone(t *testing.T) {
	t.Parallel()
	const runs = 60
	for _, world := range LatencyNulls() {
		s := Summarise(world.Runs(latencyOnly(1, 30*time.Second), max(runs/part, 4), 4))
		t.Logf("%s: %d false alarms in %d", world.Name, s.Fired, s.Runs)
		if most := 2; s.Fired > most {
			t.Errorf("%s: %d false alarms in %d runs", world.Name, s.Fired, s.Runs)
		}
	}
}
