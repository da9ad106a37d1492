package release

import (
	"fmt"
	"time"
)

// says puts into words what the front does about instances that fail.
func (t Traffic) says(now time.Time) []string {
	var out []string
	for _, side := range []Side{Blue, Green} {
		for _, e := range t.Sides.Of(side).Excluded {
			when := "is tested by the next request"
			if left := e.Until.Sub(now); left > 0 {
				when = "gets no requests for another " + Span(left.Round(time.Second))
			}
			out = append(out, fmt.Sprintf("%s instance %s %s: it %s, %s in a row", side, e.ID, when, e.Reason, plural(int(e.Failures), "failure", "failures")))
		}
	}
	if n := t.Held.Now; n > 0 {
		out = append(out, plural(n, "request waits", "requests wait")+" for an instance that can take them")
	}
	return out
}
