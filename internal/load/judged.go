package load

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Judged is a threshold and what it met.
type Judged struct {
	Threshold string `json:"threshold"`
	Held      bool   `json:"held"`
	// Got words the value, and where there is none says why.
	Got string `json:"got"`
}

// judge compares a threshold with the account of the first side.
func (l *load) judge(t Threshold, took time.Duration) Judged {
	j := Judged{Threshold: t.String()}
	got, reason := l.sides[0].measure(l.program, t, took)
	if reason != "" {
		j.Got = reason
		return j
	}
	j.Got = t.show(got)
	limit := t.Limit
	if t.Relative {
		base, reason := l.sides[1].measure(l.program, t, took)
		if reason != "" {
			j.Got += ", but against it " + reason
			return j
		}
		limit *= base
		j.Got = fmt.Sprintf("%s against %s: %s", t.show(got), t.show(base), multiple(got, base))
		if got == 0 && base == 0 {
			j.Held = t.Less
			return j
		}
	}
	j.Held = t.holds(got, limit)
	return j
}

// measure returns the value of a threshold's metric, or says why there is none.
func (s *side) measure(p *program, t Threshold, took time.Duration) (value float64, reason string) {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	r := s.tally.row(p, t.Of)
	if t.Metric == "iterations" {
		return float64(s.tally.whole), ""
	}
	if r.done == 0 && t.Metric != "requests" && t.Metric != "dropped" {
		return 0, "no request has come to an end"
	}
	switch t.Metric {
	case "errors":
		return r.errorShare(), ""
	case "dropped":
		return float64(r.dropped) / max(float64(r.done+r.dropped), 1), ""
	case "rate":
		return r.rate(took), ""
	case "requests":
		return float64(r.done), ""
	}
	return r.time(t)
}

// row returns the account a threshold is about; pages come before requests.
func (t *tally) row(p *program, name string) *row {
	if name == "" {
		return t.all
	}
	if i := slices.Index(p.pages, name); i >= 0 {
		return t.pages[i]
	}
	return t.requests[slices.Index(p.requests, name)]
}

// time returns a latency in seconds.
func (r *row) time(t Threshold) (float64, string) {
	missing := fmt.Sprintf("%d of %d had no answer", r.unspoken+r.dropped, r.done+r.dropped)
	if r.latency.TotalCount() == 0 {
		return 0, missing
	}
	if t.Metric == "mean" {
		return r.latency.Mean() / 1e6, ""
	}
	d, ok := r.percentile(t.percentile())
	if !ok {
		return 0, missing
	}
	return d.Seconds(), ""
}

// show words a value of the threshold's metric.
func (t Threshold) show(value float64) string {
	switch {
	case t.latency():
		return Millis(math.Round(value * float64(time.Second))).String()
	case t.Metric == "rate":
		return strconv.FormatFloat(value, 'f', 1, 64) + "/s"
	case t.counts():
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return percent(value)
}

// percent writes a share with as many digits as small ones need.
func percent(share float64) string {
	text := strconv.FormatFloat(share*100, 'f', 2, 64)
	if share > 0 && text == "0.00" {
		return "<0.01%"
	}
	return text + "%"
}

func multiple(got, base float64) string {
	if base == 0 {
		return "no multiple of nothing"
	}
	return strconv.FormatFloat(got/base, 'f', 2, 64) + "x"
}
