package load

import (
	"math"
	"slices"
	"strings"
	"time"
)

// never is the latency of what had no answer: slower than all else.
const never = time.Duration(math.MaxInt64)

// rounds keeps the latencies of one side apart by when they were due, so that
// two sides can be compared round by round. A nil one keeps nothing.
type rounds struct {
	from time.Time
	each time.Duration
	// all has every page and every request that is not part of a page.
	all             []latencies
	requests, pages [][]latencies
	// parts are the requests that pages consist of.
	parts []bool
}

// latencies are those of one round.
type latencies []time.Duration

func newRounds(p *program, count int, from time.Time, lasts time.Duration) *rounds {
	r := &rounds{from: from, each: max(lasts/time.Duration(count), 1), all: make([]latencies, count)}
	for _, name := range p.requests {
		r.requests = append(r.requests, make([]latencies, count))
		r.parts = append(r.parts, slices.ContainsFunc(p.pages, func(page string) bool {
			part, ok := strings.CutPrefix(name, page)
			return ok && (part == documentRow || part == assetsRow)
		}))
	}
	for range p.pages {
		r.pages = append(r.pages, make([]latencies, count))
	}
	return r
}

func (r *rounds) request(index int, x *exchange) {
	if r != nil && !r.parts[index] {
		r.add(r.requests[index], x)
	}
}

func (r *rounds) page(index int, x *exchange) {
	if r != nil {
		r.add(r.pages[index], x)
	}
}

func (r *rounds) add(row []latencies, x *exchange) {
	n := int(x.intended.Sub(r.from) / r.each)
	if x.cancelled || n < 0 || n >= len(row) {
		return
	}
	took := never
	if x.fault.answered() {
		took = x.latency()
	}
	row[n] = append(row[n], took)
	r.all[n] = append(r.all[n], took)
}

// percentile returns the latency that so many per cent did not exceed, exactly.
// It may be never.
func (l latencies) percentile(percent float64) time.Duration {
	sorted := slices.Sorted(slices.Values(l))
	rank := int(math.Ceil(float64(len(sorted)) * percent / 100))
	return sorted[max(rank, 1)-1]
}
