package analysis

import (
	"math"
	"slices"

	"cutover/internal/analysis/simulation"
)

// windows keeps what happened in the ticks that have passed.
type windows struct {
	tick, next float64
	open       simulation.Span
	done       []simulation.Span
}

// add takes a span in and calls closed whenever a tick ends. Spans are shorter
// than ticks and do not reach over their ends.
func (w *windows) add(s simulation.Span, closed func() bool) bool {
	fired := false
	if w.next == 0 {
		w.next = w.tick
	}
	for s.From >= w.next-1e-9 {
		w.done = append(w.done, w.open)
		w.open, w.next = simulation.Span{}, w.next+w.tick
		fired = fired || closed()
	}
	w.open.Old.Requests += s.Old.Requests
	w.open.Old.Bad += s.Old.Bad
	w.open.New.Requests += s.New.Requests
	w.open.New.Bad += s.New.Bad
	return fired
}

func (w *windows) last() simulation.Span { return w.done[len(w.done)-1] }

// threshold is a fixed limit on the new version's share of good requests, and
// how many windows must miss it. late is by how many ticks the decision comes
// after the last of them; inARow forgets after a good window.
type threshold struct {
	windows
	least  float64
	failed int
	most   int
	late   int
	inARow bool
}

func (r *threshold) Add(s simulation.Span) bool {
	return r.add(s, func() bool {
		if r.failed >= r.most {
			r.late--
			if r.late < 0 {
				return true
			}
		}
		last := r.last().New
		bad := last.Requests == 0 || 1-last.Bad/last.Requests < r.least
		if bad && r.failed < r.most {
			r.failed++
		} else if !bad && r.inARow {
			r.failed = 0
		}
		return r.failed >= r.most && r.late == 0
	})
}

// flagger is Flagger's: 99 % within each minute; checks that failed add up, and
// are compared with the threshold at the beginning of the next minute.
func flagger(most int) func() simulation.Rule {
	return func() simulation.Rule {
		return &threshold{windows: windows{tick: 60}, least: 0.99, most: most, late: 1}
	}
}

// argo is that of Argo Rollouts: failed measurements beyond the limit.
func argo(least, interval float64, limit int) func() simulation.Rule {
	return func() simulation.Rule {
		return &threshold{windows: windows{tick: interval}, least: least, most: limit + 1}
	}
}

// alarm is a CloudWatch alarm as CodeDeploy stops at: so many minutes in a row.
func alarm(least float64, minutes int) func() simulation.Rule {
	return func() simulation.Rule {
		return &threshold{windows: windows{tick: 60}, least: least, most: minutes, inARow: true}
	}
}

// mannWhitney is Kayenta's judge each minute on the shares of bad requests of
// all minutes so far: the 98 % interval of the Hodges-Lehmann shift, a
// tolerance of a quarter of it, and a mean that is higher.
type mannWhitney struct {
	windows
	old, new []float64
}

func (r *mannWhitney) Add(s simulation.Span) bool {
	return r.add(s, func() bool {
		last := r.last()
		if last.New.Requests == 0 || last.Old.Requests == 0 {
			return false
		}
		r.old = append(r.old, last.Old.Bad/last.Old.Requests)
		r.new = append(r.new, last.New.Bad/last.New.Requests)
		return higher(r.old, r.new)
	})
}

func higher(old, fresh []float64) bool {
	n := float64(len(old))
	rank := int(math.Floor(n*n/2 - 2.326*math.Sqrt(n*n*(2*n+1)/12)))
	if rank < 1 || mean(fresh) <= mean(old) {
		return false
	}
	var shifts []float64
	for _, a := range fresh {
		for _, b := range old {
			shifts = append(shifts, a-b)
		}
	}
	slices.Sort(shifts)
	estimate := shifts[len(shifts)/2]
	return shifts[rank-1] > 0.25*math.Abs(estimate)
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// repeated is the test that people write themselves: two proportions, all
// counts so far, every ten seconds.
type repeated struct {
	windows
	all simulation.Span
}

func (r *repeated) Add(s simulation.Span) bool {
	return r.add(s, func() bool {
		last := r.last()
		r.all.Old.Requests += last.Old.Requests
		r.all.Old.Bad += last.Old.Bad
		r.all.New.Requests += last.New.Requests
		r.all.New.Bad += last.New.Bad
		o, n := r.all.Old, r.all.New
		if o.Requests == 0 || n.Requests == 0 {
			return false
		}
		p := (o.Bad + n.Bad) / (o.Requests + n.Requests)
		z := (n.Bad/n.Requests - o.Bad/o.Requests) / math.Sqrt(p*(1-p)*(1/o.Requests+1/n.Requests))
		return n.Bad >= 2 && z > 2.33
	})
}
