package load

import (
	"fmt"
	"strings"
)

// Summary words the result in one line, for the evidence of a check: how much
// was done, the figures of the first side, and every threshold that is broken.
func (r Result) Summary() string {
	if len(r.Sides) == 0 {
		return "nothing was sent"
	}
	side := r.Sides[0]
	text := fmt.Sprintf("%d of %d iterations, %d requests, %s errors, p50 %s, p99 %s, %.1f good answers a second",
		side.Iterations.Whole, side.Iterations.Due, side.Total.Done, percent(side.Total.ErrorShare), side.Total.Latency.P50, side.Total.Latency.P99, side.Total.Rate)
	if side.Iterations.Dropped > 0 {
		text += fmt.Sprintf(", %d iterations dropped", side.Iterations.Dropped)
	}
	if r.Interrupted {
		text += ", called off before its end"
	}
	var broken []string
	for _, j := range r.Judgements {
		if !j.Held {
			broken = append(broken, fmt.Sprintf("%s (%s)", j.Threshold, j.Got))
		}
	}
	if len(broken) > 0 {
		text += "; broken: " + strings.Join(broken, ", ")
	}
	if len(side.Total.Wrong) > 0 {
		text += fmt.Sprintf("; %d times %s", side.Total.Wrong[0].Count, side.Total.Wrong[0].What)
	}
	return text
}
