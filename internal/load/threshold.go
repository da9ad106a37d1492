package load

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Threshold is one demand on the result, such as "p99 < 300ms",
// "errors of login < 1%", "rate > 95/s" or, beside a second target,
// "p99 < 1.2x".
type Threshold struct {
	// Metric is a latency (p50, p99.9 or any other percentile, mean, max), or
	// errors, dropped, rate, requests, iterations.
	Metric string
	// Of names a request or page; empty means all requests.
	Of string
	// Less says that the value must be below the limit, else above.
	Less bool
	// Equal lets the limit itself pass.
	Equal bool
	// Limit is in seconds, a share from 0 to 1, a second, or a number, or
	// with Relative a multiple of what the other target shows.
	Limit    float64
	Relative bool

	text string
}

var (
	thresholdForm  = regexp.MustCompile(`^\s*([a-z]+[0-9.]*)(?:\s+of\s+(\S.*?))?\s*(<=|>=|<|>)\s*(\S+)\s*$`)
	percentileForm = regexp.MustCompile(`^p(\d{1,2}(\.\d{1,3})?)$`)
)

// metrics are the words a threshold begins with, as messages list them.
var metrics = []string{"p50", "p90", "p95", "p99", "p99.9", "mean", "max", "errors", "dropped", "rate", "requests", "iterations"}

// ParseThreshold reads a threshold as it is written in a file. The error is a
// *Flaw.
func ParseThreshold(text string) (Threshold, error) {
	parts := thresholdForm.FindStringSubmatch(text)
	if parts == nil {
		return Threshold{}, &Flaw{Reason: strconv.Quote(text) + " is not a threshold", Cure: `write one such as "p99 < 300ms", "errors < 1%" or "rate > 95/s"`}
	}
	t := Threshold{Metric: parts[1], Of: parts[2], Less: parts[3][0] == '<', Equal: len(parts[3]) == 2, text: strings.TrimSpace(text)}
	if !t.known() {
		return t, &Flaw{Reason: strconv.Quote(t.Metric) + " cannot be measured", Word: t.Metric, Choices: metrics}
	}
	if t.Of != "" && (t.Metric == "iterations") {
		return t, &Flaw{Reason: "iterations are counted for all requests together", Cure: "remove of " + t.Of}
	}
	var err error
	if number, relative := strings.CutSuffix(parts[4], "x"); relative {
		t.Relative = true
		t.Limit, err = strconv.ParseFloat(number, 64)
		if t.counts() {
			return t, &Flaw{Reason: t.Metric + " are the same on both targets by design", Cure: "compare latencies, errors or rate"}
		}
	} else {
		t.Limit, err = t.absolute(parts[4])
	}
	if err != nil || math.IsNaN(t.Limit) || math.IsInf(t.Limit, 0) || t.Limit < 0 {
		return t, &Flaw{Reason: fmt.Sprintf("%q is no limit for %s", parts[4], t.Metric), Cure: "write " + t.example()}
	}
	return t, nil
}

func (t Threshold) known() bool {
	if t.latency() {
		return true
	}
	switch t.Metric {
	case "errors", "dropped", "rate", "requests", "iterations":
		return true
	}
	return false
}

func (t Threshold) latency() bool {
	return t.Metric == "mean" || t.Metric == "max" || percentileForm.MatchString(t.Metric)
}

func (t Threshold) counts() bool { return t.Metric == "requests" || t.Metric == "iterations" }

// percentile is 99.9 for p99.9; max is the hundredth.
func (t Threshold) percentile() float64 {
	if t.Metric == "max" {
		return 100
	}
	f, _ := strconv.ParseFloat(strings.TrimPrefix(t.Metric, "p"), 64)
	return f
}

// absolute reads a limit that is not a multiple.
func (t Threshold) absolute(text string) (float64, error) {
	switch {
	case t.latency():
		d, err := time.ParseDuration(text)
		if err == nil && d <= 0 {
			err = fmt.Errorf("%s is no latency", text)
		}
		return d.Seconds(), err
	case t.Metric == "rate":
		return parseRate(text)
	case t.counts():
		n, err := strconv.ParseUint(text, 10, 53)
		return float64(n), err
	}
	number, percent := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(number, 64)
	if percent {
		f /= 100
	} else if err == nil && text != "0" {
		err = fmt.Errorf("%s has no percent sign", text)
	}
	if err == nil && f > 1 {
		err = fmt.Errorf("%s is more than everything", text)
	}
	return f, err
}

func (t Threshold) example() string {
	switch {
	case t.Relative:
		return "a multiple of what the other target shows, such as 1.2x"
	case t.latency():
		return "a time with a unit, such as 300ms"
	case t.Metric == "rate":
		return "requests in a time, such as 95/s"
	case t.counts():
		return "a whole number"
	}
	return "a share, such as 1%"
}

// String returns the threshold as it was written.
func (t Threshold) String() string { return t.text }

// MarshalText implements encoding.TextMarshaler.
func (t Threshold) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Threshold) UnmarshalText(text []byte) (err error) {
	*t, err = ParseThreshold(string(text))
	return err
}

// holds compares a value with the limit.
func (t Threshold) holds(value, limit float64) bool {
	switch {
	case value == limit:
		return t.Equal
	case t.Less:
		return value < limit
	}
	return value > limit
}
