package load

import (
	"cmp"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept in microseconds with three significant figures.
const (
	slowestKept = int64(time.Hour / time.Microsecond)
	figures     = 3
)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, slowestKept, figures) }

// enter adds a time. It is within the histogram's range, so that cannot fail.
func enter(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), 1), slowestKept))
}

// row is the account of one request, of one page, or of several together.
type row struct {
	name      string
	done      uint64
	good      uint64
	unspoken  uint64 // had no answer
	dropped   uint64
	cancelled uint64
	faults    map[Fault]uint64
	statuses  map[int]uint64
	details   map[string]uint64
	others    uint64 // faults whose details were too many
	in, out   int64
	resent    uint64
	// latency is from when they were due, service from when they were sent,
	// to the end of the answer.
	latency, service *hdrhistogram.Histogram
}

func newRow(name string) *row {
	return &row{name: name, faults: map[Fault]uint64{}, statuses: map[int]uint64{}, details: map[string]uint64{},
		latency: newHistogram(), service: newHistogram()}
}

// mostDetails is how many different details a row keeps.
const mostDetails = 8

func (r *row) add(x *exchange) {
	if x.cancelled {
		r.cancelled++
		return
	}
	r.done++
	r.in, r.out = r.in+x.in, r.out+x.out
	r.resent += uint64(x.resent)
	if x.status != 0 {
		r.statuses[x.status]++
	}
	if x.fault.answered() {
		enter(r.latency, x.latency())
		enter(r.service, x.service())
	} else {
		r.unspoken++
	}
	if x.fault == "" {
		r.good++
		return
	}
	r.faults[x.fault]++
	what := string(x.fault) + ": " + x.detail
	if _, known := r.details[what]; known || len(r.details) < mostDetails {
		r.details[what]++
	} else {
		r.others++
	}
}

// percentile returns the latency that so many per cent of the requests did
// not exceed. One without an answer, and one that was due and never sent,
// is slower than every other: with too many of these, and without any
// request, there is no such latency.
func (r *row) percentile(percent float64) (time.Duration, bool) {
	answered := r.latency.TotalCount()
	all := float64(answered) + float64(r.unspoken) + float64(r.dropped)
	// The rank of the percentile among all, as a percentage of the answered.
	rank := max(all*percent/100, 1)
	if answered == 0 || rank > float64(answered)+1e-6 {
		return 0, false
	}
	return quantile(r.latency, rank/float64(answered)*100), true
}

func quantile(h *hdrhistogram.Histogram, percent float64) time.Duration {
	// A value stands for a bucket, whose upper end may be over the maximum.
	return time.Duration(min(h.ValueAtQuantile(min(percent, 100)), h.Max())) * time.Microsecond
}

// wrong lists what went wrong, most frequent first.
func (r *row) wrong() []Wrong {
	var list []Wrong
	for what, n := range r.details {
		list = append(list, Wrong{what, n})
	}
	slices.SortFunc(list, func(a, b Wrong) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What))
	})
	if r.others > 0 {
		list = append(list, Wrong{"others", r.others})
	}
	return list
}
