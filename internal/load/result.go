package load

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Result is what came of a load. Its JSON keeps its keys; times in it are
// milliseconds, as the keys say, and shares go from 0 to 1.
type Result struct {
	Name  string    `json:"name"`
	Model Model     `json:"model"`
	Began time.Time `json:"began"`
	// Took is how long it was measured: from the end of the warm-up to the
	// last answer, or the end of what was asked if that is later.
	Took Millis `json:"tookMs"`
	// Interrupted says that it was called off before its end.
	Interrupted bool `json:"interrupted"`
	// Sides are the targets and, if there was one to compare with, the other
	// side, in this order.
	Sides      []Side   `json:"sides"`
	Judgements []Judged `json:"thresholds"`
	Ratios     []Ratio  `json:"comparison,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

// Side is the account of one side.
type Side struct {
	// Name is target or against.
	Name string `json:"name"`
	// Asked is the mean rate of iterations that were due, in the open model.
	Asked float64 `json:"askedPerSecond,omitempty"`
	// Iterations says how those that were due while it was measured ended.
	Iterations Iterations `json:"iterations"`
	// Total is all requests together; Requests, Pages and Targets are the same
	// by name. A page load is its document with all assets.
	Total    Account   `json:"total"`
	Requests []Account `json:"requests"`
	Pages    []Account `json:"pages"`
	Targets  []Account `json:"targets"`
	// Late is how long after they were due requests were sent: this machine's
	// part in the latencies.
	Late Times `json:"late"`
}

// Iterations are counted by their ends. Due = Whole + Failed + Unfinished +
// Dropped.
type Iterations struct {
	Due uint64 `json:"due"`
	// Whole ones came to the end of their steps, failed ones ended with a
	// request that went wrong, unfinished ones with the load itself.
	Whole      uint64 `json:"whole"`
	Failed     uint64 `json:"failed"`
	Unfinished uint64 `json:"unfinished"`
	// Dropped ones were due and not begun, because as many as allowed were
	// under way or this machine was too late.
	Dropped uint64 `json:"dropped"`
}

// Account is what became of requests or page loads.
type Account struct {
	Name string `json:"name"`
	// Done have a fate, Good have the answer that is expected, Errors have not.
	Done   uint64           `json:"done"`
	Good   uint64           `json:"good"`
	Errors uint64           `json:"errors"`
	Faults map[Fault]uint64 `json:"faults,omitempty"`
	// Statuses counts the answers by status.
	Statuses map[int]uint64 `json:"statuses,omitempty"`
	Wrong    []Wrong        `json:"wrong,omitempty"`
	// Dropped were due and not sent, Cancelled were called off.
	Dropped   uint64 `json:"dropped,omitempty"`
	Cancelled uint64 `json:"cancelled,omitempty"`
	// Resent counts requests that the HTTP client sent once more because a
	// kept connection had been closed, as browsers do.
	Resent uint64 `json:"resent,omitempty"`
	// Rate is good answers a second.
	Rate       float64 `json:"goodPerSecond"`
	ErrorShare float64 `json:"errorShare"`
	// In and Out are bytes of bodies; of answers as they are after unpacking.
	In  int64 `json:"bytesIn"`
	Out int64 `json:"bytesOut"`
	// Latency counts from when a request was due, Service from when it was
	// sent. See Times for whom they speak.
	Latency Times `json:"latency"`
	Service Times `json:"service"`
}

// Wrong is one way in which requests went wrong.
type Wrong struct {
	What  string `json:"what"`
	Count uint64 `json:"count"`
}

// Times sums up a distribution. Mean and Max are of what was answered.
// Percentiles of Latency are of everything that was due: what had no answer,
// or was dropped, is slower than all else, and where a percentile would be one
// of these it is NoTime, null in JSON.
type Times struct {
	Count uint64 `json:"count"`
	Mean  Millis `json:"meanMs"`
	P50   Millis `json:"p50Ms"`
	P90   Millis `json:"p90Ms"`
	P95   Millis `json:"p95Ms"`
	P99   Millis `json:"p99Ms"`
	P999  Millis `json:"p999Ms"`
	Max   Millis `json:"maxMs"`
}

// Millis is a time that JSON shows in milliseconds.
type Millis time.Duration

// NoTime stands where there is no such time.
const NoTime = Millis(math.MinInt64)

// MarshalJSON implements json.Marshaler.
func (m Millis) MarshalJSON() ([]byte, error) {
	if m == NoTime {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(m)/float64(time.Millisecond), 'f', -1, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Millis) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*m = NoTime
		return nil
	}
	f, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return fmt.Errorf("read milliseconds: %w", err)
	}
	*m = Millis(math.Round(f * float64(time.Millisecond)))
	return nil
}

// String writes the time with a unit and three figures, or a dash for NoTime.
func (m Millis) String() string {
	if m == NoTime {
		return "-"
	}
	d := time.Duration(m)
	for unit := time.Nanosecond; unit <= time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.String()
}

// Passed reports whether the load ran to its end, something was answered, and
// every threshold held. Without thresholds every request must have been good
// and none dropped.
func (r Result) Passed() bool {
	if r.Interrupted || len(r.Sides) == 0 || r.Sides[0].Total.Done == 0 {
		return false
	}
	if len(r.Judgements) == 0 {
		return r.Sides[0].Total.Errors == 0 && r.Sides[0].Iterations.Dropped == 0
	}
	for _, j := range r.Judgements {
		if !j.Held {
			return false
		}
	}
	return true
}
