package load

import (
	"strings"
	"testing"
	"time"
)

func TestAThresholdIsReadAsItIsMeant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Threshold{
		"p99 < 300ms":              {Metric: "p99", Less: true, Limit: 0.3},
		"p99.9<=1.5s":              {Metric: "p99.9", Less: true, Equal: true, Limit: 1.5},
		"mean of GET / < 20ms":     {Metric: "mean", Of: "GET /", Less: true, Limit: 0.02},
		"max of a < b <= 1m":       {Metric: "max", Of: "a < b", Less: true, Equal: true, Limit: 60},
		"errors < 1%":              {Metric: "errors", Less: true, Limit: 0.01},
		"errors <= 0":              {Metric: "errors", Less: true, Equal: true},
		"dropped < 0.5%":           {Metric: "dropped", Less: true, Limit: 0.005},
		"rate > 95/s":              {Metric: "rate", Limit: 95},
		"rate of log in >= 5700/m": {Metric: "rate", Of: "log in", Equal: true, Limit: 95},
		"requests >= 1000":         {Metric: "requests", Equal: true, Limit: 1000},
		"iterations > 10":          {Metric: "iterations", Limit: 10},
		"p95 < 1.2x":               {Metric: "p95", Less: true, Limit: 1.2, Relative: true},
	} {
		got, err := ParseThreshold(text)
		want.text = text
		if err != nil || got != want {
			t.Errorf("%q is read as %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestAThresholdThatMakesNoSenseIsRefusedWithACure(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      "is not a threshold",
		"p99":                   "is not a threshold",
		"p99 = 300ms":           "is not a threshold",
		"p99 < 300":             `"300" is no limit for p99; write a time with a unit, such as 300ms`,
		"p99 < -3ms":            "is no limit",
		"p100 < 3s":             `"p100" cannot be measured`,
		"latency < 3s":          `"latency" cannot be measured`,
		"errors < 1":            `"1" is no limit for errors; write a share, such as 1%`,
		"errors < 120%":         "is no limit",
		"errors < NaN%":         "is no limit",
		"rate > 95":             `"95" is no limit for rate; write requests in a time, such as 95/s`,
		"requests > 1.5":        "is no limit",
		"requests < 2x":         "the same on both",
		"iterations of a > 1":   "remove of a",
		"p99 < Infx":            "is no limit",
		"p99 < 1.2 x":           "is not a threshold",
		"p99 < 300ms and more":  "is not a threshold",
		"p99 < 300ms < 400ms":   "is not a threshold",
		"P99 < 300ms":           "is not a threshold",
		"p99 of  < 300ms":       "is not a threshold",
		"p99 < 10000000000000h": "is no limit",
	} {
		if got, err := ParseThreshold(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is read as %+v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestPercentilesCountWhatHadNoAnswerAsSlowest(t *testing.T) {
	t.Parallel()
	r := newRow("r")
	began := time.Unix(0, 0)
	for i := range 90 {
		r.add(&exchange{intended: began, sent: began, done: began.Add(time.Duration(i+1) * time.Millisecond), status: 200})
	}
	for range 5 {
		r.add(&exchange{intended: began, sent: began, done: began.Add(time.Second), fault: TimeoutFault})
	}
	r.dropped = 5
	for percent, want := range map[float64]time.Duration{50: 50 * time.Millisecond, 89: 89 * time.Millisecond, 90: 90 * time.Millisecond} {
		if got, ok := r.percentile(percent); !ok || (got-want).Abs() > 100*time.Microsecond {
			t.Errorf("p%v is %s, %v; want %s", percent, got, ok, want)
		}
	}
	for _, percent := range []float64{90.5, 99, 100} {
		if got, ok := r.percentile(percent); ok {
			t.Errorf("p%v is %s, although a tenth had no answer", percent, got)
		}
	}
}

func TestNothingLeavesThisMachineUnasked(t *testing.T) {
	t.Parallel()
	for address, home := range map[string]bool{"127.0.0.1:80": true, "127.9.9.9:1": true, "[::1]:80": true, "10.0.0.1:80": false, "[2001:db8::1]:80": false, "0.0.0.0:80": false, "nonsense": false} {
		if err := stayHome("tcp", address, nil); (err == nil) != home {
			t.Errorf("%s: %v", address, err)
		}
	}
	p := Plan{Targets: []Target{{URL: "http://shop.example.org"}}, Against: []Target{{URL: "http://127.0.0.1:1"}}}
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "shop.example.org is not this machine") || strings.Contains(err.Error(), "127.0.0.1 is not") {
		t.Errorf("validated: %v", err)
	}
	p.Allow = []string{"Shop.Example.org"}
	if err := p.Validate(); err == nil || strings.Contains(err.Error(), "is not this machine") {
		t.Errorf("validated: %v", err)
	}
}
