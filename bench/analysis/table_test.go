package analysis

import (
	"fmt"
	"math"
	"os"
	"testing"
	"text/tabwriter"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/analysis/simulation"
)

const (
	nullRuns   = 1000
	foundRuns  = 300
	perMachine = 250 * time.Millisecond
)

var rules = []struct {
	name string
	make func() simulation.Rule
}{
	{"cutover, one error a client", cutover(analysis.ByClient, true)},
	{"cutover, share measured", cutover(analysis.ByClient, false)},
	{"cutover, blocks of 5 s", cutover(analysis.ByBlock, false)},
	{"Flagger 99 %, threshold 1", flagger(1)},
	{"Flagger 99 %, threshold 5", flagger(5)},
	{"Argo 95 %, 5m, limit 3", argo(0.95, 300, 3)},
	{"Argo 99 %, 1m, limit 0", argo(0.99, 60, 0)},
	{"Kayenta Mann-Whitney, 1m", func() simulation.Rule { return &mannWhitney{windows: windows{tick: 60}} }},
	{"alarm 99 %, 1 of 1 min", alarm(0.99, 1)},
	{"alarm 99 %, 3 min in a row", alarm(0.99, 3)},
	{"z > 2.33 every 10 s", func() simulation.Rule { return &repeated{windows: windows{tick: 10}} }},
}

func cutover(unit analysis.Unit, random bool) func() simulation.Rule {
	c := analysis.Defaults()
	c.Signals = []analysis.Signal{analysis.Errors()}
	c.Signals[0].Unit = unit
	return func() simulation.Rule {
		t := simulation.NewTest(c)
		t.Random = random
		return t
	}
}

// BenchmarkPeers prints two tables: what each rule does with releases that are
// no worse, and with such as are.
func BenchmarkPeers(b *testing.B) {
	for b.Loop() {
		falseAlarms()
		detection()
		latency()
	}
}

func table(title string, columns []string, row func(i int) (string, []string)) {
	fmt.Printf("\n%s\n", title)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	line := func(first string, cells []string) {
		fmt.Fprint(w, first)
		for _, c := range cells {
			fmt.Fprint(w, "\t", c)
		}
		fmt.Fprintln(w)
	}
	line("", columns)
	for i := 0; ; i++ {
		name, cells := row(i)
		if name == "" {
			break
		}
		line(name, cells)
	}
	w.Flush()
}

func falseAlarms() {
	var columns []string
	worlds := simulation.Nulls()
	for _, w := range worlds {
		columns = append(columns, w.Name)
	}
	title := fmt.Sprintf("Taken back though no worse, of %d releases, each watched for 30 min at 100 requests/s, 5 %% canary:", nullRuns)
	table(title, columns, func(i int) (string, []string) {
		if i == len(rules) {
			return "", nil
		}
		var cells []string
		for _, w := range worlds {
			s := simulation.Summarise(simulation.Runs(w, time.Second, 10*time.Second, nullRuns, 11, rules[i].make))
			cells = append(cells, fmt.Sprintf("%.1f %%", 100*float64(s.Fired)/float64(s.Runs)))
		}
		return rules[i].name, cells
	})
}

func detection() {
	worlds := []simulation.Scenario{}
	columns := []string{}
	for _, rate := range []float64{0.002, 0.005, 0.01, 0.05, 0.5} {
		worlds = append(worlds, simulation.Steady(fmt.Sprintf("%.1f %% errors", 100*rate), 0.05, rate))
		columns = append(columns, fmt.Sprintf("%.1f %% (bound %.1f s)", 100*rate, simulation.ErrorBound(0.001, rate, 0.05, 100, 0.001)))
	}
	worlds, columns = append(worlds, simulation.Late("", 0.05, 0.05, 900)), append(columns, "5 % from minute 15")
	title := fmt.Sprintf("Taken back, of %d releases that are worse than 0.1 %%: how many; median s; median failed requests of the canary:", foundRuns)
	table(title, columns, func(i int) (string, []string) {
		if i == len(rules) {
			return "", nil
		}
		var cells []string
		for _, w := range worlds {
			s := simulation.Summarise(simulation.Runs(w, perMachine, 10*time.Second, foundRuns, 12, rules[i].make))
			cells = append(cells, fmt.Sprintf("%.0f %%; %s; %.0f", 100*float64(s.Fired)/float64(s.Runs), seconds(s.Median), s.BadMedian))
		}
		return rules[i].name, cells
	})
}

func seconds(s float64) string {
	if math.IsInf(s, 0) {
		return "never"
	}
	return fmt.Sprintf("%.4g", s)
}

// latency shows the default tolerance, 5 %, beside none: who tolerates 5 % sees
// a change of 10 % late.
func latency() {
	worlds := []simulation.Latencies{
		simulation.Slower("all 10 % slower", 1.1), simulation.Slower("25 %", 1.25), simulation.Slower("twice", 2),
		simulation.LongTail("tail 10 % longer", 1.1), simulation.LongTail("25 %", 1.25), simulation.LongTail("twice", 2),
	}
	var columns []string
	for _, w := range worlds {
		columns = append(columns, fmt.Sprintf("%s (bound %.1f s)", w.Name, w.Bound(0.001)))
	}
	table("Latency, no skipping of the first seconds, 100 releases: how many; median s:", columns, func(i int) (string, []string) {
		ratios := []float64{1, 1.05}
		if i == len(ratios) {
			return "", nil
		}
		c := analysis.Defaults()
		c.Signals = []analysis.Signal{analysis.Latencies()}
		c.Signals[0].Ratio, c.Signals[0].Skip = ratios[i], 0
		var cells []string
		for _, w := range worlds {
			s := simulation.Summarise(w.Runs(c, 100, 13))
			cells = append(cells, fmt.Sprintf("%.0f %%; %s", 100*float64(s.Fired)/float64(s.Runs), seconds(s.Median)))
		}
		return fmt.Sprintf("cutover, tolerating %.0f %%", 100*(ratios[i]-1)), cells
	})
}
