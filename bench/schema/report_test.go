package filling

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// median returns the middle of what was measured.
func median(all []figures, of func(figures) float64) float64 {
	var values []float64
	for _, f := range all {
		values = append(values, of(f))
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func wall(f figures) float64   { return f.wall.Seconds() }
func filled(f figures) float64 { return f.fill.Seconds() }
func logged(f figures) float64 { return f.log / (1 << 20) }
func p99(f figures) float64    { return ms(f.felt.p99) }
func served(f figures) float64 { return f.felt.served }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// report prints the table and the ratios.
func report(b *testing.B, g *ground, alone, beside map[string][]figures) {
	var out strings.Builder
	fmt.Fprintf(&out, "%d rows, medians of %d rounds\n\nalone      wall s   fill s   log MB   heap +%%  indexes +%%\n", *rows, *rounds)
	for _, v := range variants {
		if m := alone[v.name]; len(m) > 0 {
			fmt.Fprintf(&out, "%-8s %8.2f %8.2f %8.0f %8.0f %8.0f\n", v.name, median(m, wall), median(m, filled), median(m, logged),
				median(m, func(f figures) float64 { return f.heap }), median(m, func(f figures) float64 { return f.indexes }))
		}
	}
	fmt.Fprintf(&out, "\nbeside %d requests/s   wall s  served/s   p50 ms   p99 ms   max ms   heap +%%\n", perSecond)
	for _, v := range variants {
		if m := beside[v.name]; len(m) > 0 {
			fmt.Fprintf(&out, "%-20s %8.2f %9.0f %8.2f %8.2f %8.1f %8.0f\n", v.name, median(m, wall), median(m, served),
				median(m, func(f figures) float64 { return ms(f.felt.p50) }), median(m, p99),
				median(m, func(f figures) float64 { return ms(f.felt.max) }), median(m, func(f figures) float64 { return f.heap }))
		}
	}
	if g.pgroll.absent != "" {
		fmt.Fprintf(&out, "\npgroll is absent: %s\n", g.pgroll.absent)
	}
	// Not b.Log, which cuts off what is long.
	fmt.Print("\n" + out.String() + "\n" + ratios(b, alone, beside))
}

// ratios are what is promised.
func ratios(b *testing.B, alone, beside map[string][]figures) string {
	var out strings.Builder
	line := func(metric, what string, value, bound float64, most bool) {
		verdict, sign := "met", "<="
		if !most {
			sign = ">="
		}
		if most && value > bound || !most && value < bound {
			verdict = "NOT MET"
		}
		fmt.Fprintf(&out, "%-52s %6.2f  (%s %.2f, %s)\n", what, value, sign, bound, verdict)
		b.ReportMetric(value, metric)
	}
	line("wall/single", "full: wall / single UPDATE's", median(alone["full"], wall)/median(alone["single"], wall), 1.5, true)
	line("log/single", "full: log / single UPDATE's", median(alone["full"], logged)/median(alone["single"], logged), 1.1, true)
	line("wall/touch", "full: wall / that of touching keys", median(alone["full"], wall)/median(alone["touch"], wall), 0.6, true)
	line("served/idle", "shared: served / idle", median(beside["shared"], served)/median(beside["idle"], served), 0.99, false)
	line("p99/idle", "shared: p99 / idle", median(beside["shared"], p99)/median(beside["idle"], p99), 1.5, true)
	line("p99/touch", "shared: p99 / that of touching keys", median(beside["shared"], p99)/median(beside["touch"], p99), 1, true)
	if len(alone["pgroll"]) > 0 {
		line("wall/pgroll", "full: wall / pgroll's", median(alone["full"], wall)/median(alone["pgroll"], wall), 0.6, true)
		line("p99/pgroll", "shared: p99 / pgroll's", median(beside["shared"], p99)/median(beside["pgroll"], p99), 1, true)
	}
	return out.String()
}
