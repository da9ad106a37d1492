package ledger

import (
	"cmp"
	"slices"

	"cutover/internal/release"
)

// Plus returns what both readings say together, of two processes that serve
// the same side. What users experienced is r's alone: one process counts it.
func (r Reading) Plus(o Reading) Reading {
	r.Requests += o.Requests
	r.Streams += o.Streams
	r.Counters = r.Counters.Plus(o.Counters)
	r.Assets += o.Assets
	r.Load = addLoads(r.Load, o.Load)
	r.Latency = addLatencies(r.Latency, o.Latency)
	return r
}

// Gone returns what a reading means once its process has died: what was in
// flight is lost.
func (r Reading) Gone() Reading {
	r.Counters.Lost += uint64(r.Requests + r.Streams)
	r.Counters.CutStreams += uint64(r.Streams)
	r.Requests, r.Streams, r.Load = 0, 0, nil
	return r
}

// Since returns the reading counted from an earlier one of the same process:
// what was in flight then counts as accepted since.
func (r Reading) Since(base release.Counters) Reading {
	base.Accepted = base.Answered + base.ClientGone + base.Lost
	r.Counters = r.Counters.Minus(base)
	return r
}

func addLoads(a, b []release.Load) []release.Load {
	out := slices.Clone(a)
	for _, l := range b {
		i := slices.IndexFunc(out, func(have release.Load) bool { return have.ID == l.ID })
		if i < 0 {
			out = append(out, l)
			continue
		}
		out[i].Requests += l.Requests
		out[i].Streams += l.Streams
	}
	slices.SortFunc(out, func(a, b release.Load) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func addLatencies(a, b map[string]Latency) map[string]Latency {
	out := map[string]Latency{}
	for class, l := range a {
		out[class] = l
	}
	for class, l := range b {
		have, both := out[class]
		if both {
			l = have.plus(l)
		}
		out[class] = l
	}
	return out
}

// plus adds two distributions; the quantiles are as exact as the buckets.
func (l Latency) plus(o Latency) Latency {
	counts := map[Bucket]int64{}
	for _, b := range slices.Concat(l.Buckets, o.Buckets) {
		counts[Bucket{From: b.From, To: b.To}] += b.Count
	}
	out := Latency{Count: l.Count + o.Count, Max: max(l.Max, o.Max)}
	for b, n := range counts {
		out.Buckets = append(out.Buckets, Bucket{b.From, b.To, n})
	}
	slices.SortFunc(out.Buckets, func(a, b Bucket) int { return cmp.Compare(a.From, b.From) })
	out.P50, out.P90, out.P99 = out.at(0.50), out.at(0.90), out.at(0.99)
	return out
}

// at returns the end of the bucket that the share q of all answers reaches.
func (l Latency) at(q float64) int64 {
	var seen int64
	for _, b := range l.Buckets {
		if seen += b.Count; float64(seen) >= q*float64(l.Count) {
			return min(b.To, l.Max)
		}
	}
	return l.Max
}
