package ledger

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latency sums up how long answers took since the process began, in
// microseconds, each value within one percent.
type Latency struct {
	Count uint64 `json:"count"`
	P50   int64  `json:"p50"`
	P90   int64  `json:"p90"`
	P99   int64  `json:"p99"`
	Max   int64  `json:"max"`
	// Buckets is the distribution itself, growing: what two readings differ
	// by is the distribution of the time between them.
	Buckets []Bucket `json:"buckets,omitempty"`
}

// Bucket counts the answers that took from From to To microseconds.
type Bucket struct {
	From  int64 `json:"from"`
	To    int64 `json:"to"`
	Count int64 `json:"count"`
}

// longest is the highest latency a histogram tells apart from higher ones.
const longest = int64(time.Hour / time.Microsecond)

// latencies holds one histogram for each status class, made when it is first
// needed: 30 kB each.
type latencies [6]*hdrhistogram.Histogram

func (l *latencies) record(status int, took time.Duration) {
	class := min(max(status/100, 0), len(l)-1)
	if l[class] == nil {
		l[class] = hdrhistogram.New(1, longest, 2)
	}
	// Cannot fail: the value is cut to the histogram's range.
	_ = l[class].RecordValue(min(max(took.Microseconds(), 1), longest))
}

func (l *latencies) read() map[string]Latency {
	out := map[string]Latency{}
	for class, h := range l {
		if h != nil {
			out[fmt.Sprintf("%dxx", class)] = summary(h)
		}
	}
	return out
}

func summary(h *hdrhistogram.Histogram) Latency {
	l := Latency{
		Count: uint64(h.TotalCount()),
		P50:   h.ValueAtQuantile(50),
		P90:   h.ValueAtQuantile(90),
		P99:   h.ValueAtQuantile(99),
		Max:   h.Max(),
	}
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			l.Buckets = append(l.Buckets, Bucket{bar.From, bar.To, bar.Count})
		}
	}
	return l
}
