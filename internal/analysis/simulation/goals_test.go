package simulation

import (
	"math"
	"testing"
	"time"

	"cutover/internal/analysis"
)

func errorsOnly(unit analysis.Unit) analysis.Settings {
	c := analysis.Defaults()
	c.Signals = []analysis.Signal{analysis.Errors()}
	c.Signals[0].Unit = unit
	return c
}

// onlyWorse leaves out what has no part in the evidence against the new
// version and takes most of the time.
func onlyWorse(c analysis.Settings) analysis.Settings {
	c.Signals[0].Limit, c.Signals[0].Promotes = 0, false
	return c
}

// rule returns tests as the embedded proxy allows for them: it deals clients
// by chance, so that the share is known.
func rule(c analysis.Settings, random bool) func() Rule {
	return func() Rule {
		t := NewTest(c)
		t.Random = random
		return t
	}
}

// most is how many false alarms in so many runs are still by chance, when
// alpha are permitted: three deviations.
func most(runs int, alpha float64) int {
	mean := float64(runs) * alpha
	return int(mean + 3*math.Sqrt(mean))
}

func TestFalseAlarmsAreNotMoreThanPermitted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		settings analysis.Settings
		random   bool
		grid     time.Duration
		runs     int
	}{
		{"one error a client, share known", errorsOnly(analysis.ByClient), true, time.Second, 10000},
		{"one error a client, share known, four looks a second", errorsOnly(analysis.ByClient), true, 250 * time.Millisecond, 200},
		{"one error a client, share measured, four looks a second", errorsOnly(analysis.ByClient), false, 250 * time.Millisecond, 200},
		{"blocks of 5 s, four looks a second", errorsOnly(analysis.ByBlock), false, 250 * time.Millisecond, 200},
	} {
		for _, world := range Nulls() {
			runs := max(c.runs/part, 10)
			// Without a bad request nothing is bet, however long a span is.
			s := Summarise(Runs(world, c.grid, c.settings.Gap, runs, 1, rule(onlyWorse(c.settings), c.random)))
			t.Logf("%s, %s: %d false alarms in %d runs", c.name, world.Name, s.Fired, runs)
			if s.Fired > most(runs, 0.001) {
				t.Errorf("%s, %s: %d false alarms in %d runs, more than %d", c.name, world.Name, s.Fired, runs, most(runs, 0.001))
			}
		}
	}
}

// To count each of a client's errors is not permitted, and this is why: if it
// were no worse, the simulated storms would not be what they are there for.
func TestErrorsOfOneClientWouldRaiseFalseAlarmsIfEachCounted(t *testing.T) {
	t.Parallel()
	runs := max(1000/part, 40)
	storms := Nulls()[3]
	s := Summarise(Runs(storms, time.Second, 30*time.Second, runs, 1, rule(onlyWorse(errorsOnly(analysis.ByRequest)), true)))
	t.Logf("%d false alarms in %d runs", s.Fired, runs)
	if 5*s.Fired < runs {
		t.Errorf("%d false alarms in %d runs: the storms are too weak to show anything", s.Fired, runs)
	}
}

func TestAWorseVersionIsFoundNearTheBound(t *testing.T) {
	t.Parallel()
	both := analysis.Defaults()
	for _, c := range []struct {
		name     string
		settings analysis.Settings
	}{{"errors alone", errorsOnly(analysis.ByClient)}, {"errors among the default signals", both}} {
		for _, rate := range []float64{0.005, 0.01, 0.05, 0.5} {
			bound := ErrorBound(0.001, rate, 0.05, 100, 0.001)
			s := Summarise(Runs(Steady("", 0.05, rate), 250*time.Millisecond, 30*time.Second, max(2000/part, 20), 2, rule(c.settings, true)))
			t.Logf("%s, %.1f %%: median %.2f s, 95th %.2f s, bound %.2f s: %.2f times; %.0f bad requests", c.name, 100*rate, s.Median, s.P95, bound, s.Median/bound, s.BadMedian)
			if part > 1 {
				continue
			}
			if s.Median > 1.5*bound || s.P95 > max(4*bound, 4) {
				t.Errorf("%s, %.1f %%: median %.2f s and 95th %.2f s are too far from the bound of %.2f s", c.name, 100*rate, s.Median, s.P95, bound)
			}
			if rate >= 0.05 && s.BadMedian > 5 {
				t.Errorf("%s, %.1f %%: it took %.0f failed requests", c.name, 100*rate, s.BadMedian)
			}
		}
	}
}

func TestARegressionThatBeginsLateIsFoundToo(t *testing.T) {
	t.Parallel()
	s := Summarise(Runs(Late("", 0.05, 0.05, 900), 250*time.Millisecond, 30*time.Second, max(1000/part, 20), 5, rule(errorsOnly(analysis.ByClient), true)))
	t.Logf("median %.1f s after it began", s.Median-900)
	if part == 1 && s.Median > 900+30 {
		t.Errorf("the median is %.1f s after it began", s.Median-900)
	}
}
