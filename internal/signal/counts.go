package signal

import (
	"slices"
	"time"

	"cutover/internal/analysis"
)

// Counts are what a signal of role Evidence has counted of both sides over
// the same times. They only grow.
type Counts struct {
	Old analysis.Count `json:"old"`
	New analysis.Count `json:"new"`
	// Began says that there is something to compare.
	Began bool `json:"began,omitempty"`
	// OldOpen and NewOpen have grown while the other side was missing.
	OldOpen analysis.Count `json:"oldOpen"`
	NewOpen analysis.Count `json:"newOpen"`
}

// count adds a poll to what evidence counts. Growth that is not known of one
// side is left out for both, or the comparison would favour one of them.
func (t *Track) count(s Signal, row Row, before bool) {
	if s.Role != Evidence {
		return
	}
	c := &t.Counts
	switch {
	case before:
	case s.Shape != Counted:
		t.sample(s, row)
	case row.Old.Lost || row.New.Lost:
		c.OldOpen, c.NewOpen = analysis.Count{}, analysis.Count{}
		for _, side := range []Side{Old, New} {
			if p := row.of(side); !p.Lost && p.Took == 0 {
				// Its next growth would reach back further than the other's.
				delete(t.Last, side)
			}
		}
	default:
		c.OldOpen, c.NewOpen = plus(c.OldOpen, row.Old), plus(c.NewOpen, row.New)
		if row.Old.Missing == "" && row.New.Missing == "" {
			c.close()
		}
	}
}

func plus(c analysis.Count, p Point) analysis.Count {
	if p.Missing == "" {
		c.Bad, c.Requests = c.Bad+p.Value, c.Requests+p.Of
	}
	return c
}

func (c *Counts) close() {
	c.Began = true
	for _, one := range []struct{ all, open *analysis.Count }{{&c.Old, &c.OldOpen}, {&c.New, &c.NewOpen}} {
		one.all.Bad += one.open.Bad
		one.all.Requests += one.open.Requests
		*one.open = analysis.Count{}
	}
}

const (
	// cutSamples are how many samples of the old side say what is usual, at
	// least leastSamples; what is beyond their ninth tenth is counted as bad.
	cutSamples   = leastRows
	leastSamples = 10
)

// sample counts one number of each side: bad if it is beyond a cut that was
// known before it was read.
func (t *Track) sample(s Signal, row Row) {
	if row.Old.Missing != "" || row.New.Missing != "" || !t.newer(s, row) {
		return
	}
	cut, ok := t.cut(s)
	if !ok {
		return
	}
	t.Counts.Began = true
	t.Counts.Old.Requests++
	t.Counts.New.Requests++
	if s.beyond(row.Old.sampled(s), cut) {
		t.Counts.Old.Bad++
	}
	tolerant := cut
	if s.Compare != WithLimit {
		tolerant = s.limit(Values{Old: Measured{Known: true, Value: cut}, Baseline: Measured{Known: true, Value: cut}}).Value
	}
	if s.beyond(row.New.sampled(s), tolerant) {
		t.Counts.New.Bad++
	}
}

func (p Point) sampled(s Signal) float64 {
	if s.Shape == Rate && p.Took > 0 {
		return p.Value / p.Took.Seconds()
	}
	return p.Value
}

// newer reports whether both sides have a number that was not there before.
func (t *Track) newer(s Signal, row Row) bool {
	if s.Shape == Rate && (row.Old.Took <= 0 || row.New.Took <= 0) {
		return false
	}
	if len(t.Rows) == 0 {
		return true
	}
	last := t.Rows[len(t.Rows)-1]
	return row.Old.At.After(last.Old.At) && row.New.At.After(last.New.At)
}

func (t *Track) cut(s Signal) (float64, bool) {
	switch s.Compare {
	case WithLimit:
		return s.Limit, true
	case WithBaseline:
		b := t.Baseline.value(s)
		return b.Value, b.Known
	}
	var seen []float64
	for i := len(t.Rows) - 1; i >= 0 && len(seen) < cutSamples; i-- {
		if p := t.Rows[i].Old; p.Missing == "" && !p.At.IsZero() && (s.Shape != Rate || p.Took > 0) {
			seen = append(seen, p.sampled(s))
		}
	}
	if len(seen) < leastSamples {
		return 0, false
	}
	slices.Sort(seen)
	at := len(seen) * 9 / 10
	if s.Worse == Lower {
		at = len(seen) - 1 - at
	}
	return seen[at], true
}

// Analysed returns how internal/analysis has to judge the signals that are
// evidence: in blocks, since what is counted comes in clusters.
func Analysed(signals []Signal, every time.Duration) []analysis.Signal {
	var list []analysis.Signal
	for _, s := range signals {
		if s.Role != Evidence {
			continue
		}
		a := analysis.Hits(s.Name)
		a.Bad, a.All, a.Weight, a.Bucket = "bad ones of "+s.Name, "all", s.Weight, every
		if a.Block = max(a.Block, 2*every); s.Shape == Counted {
			a.Ratio = s.Factor
		} else {
			// The tolerance is in the cut. Levels hang on those before.
			a.Bad, a.All, a.Ratio, a.Block = "samples of "+s.Name+" beyond the cut", "samples", 1, max(time.Minute, 12*every)
		}
		list = append(list, a)
	}
	return list
}

// Readings returns what the signals that are evidence have counted, for
// internal/analysis. A signal that waits has no reading, so that the analysis
// waits too.
func (h History) Readings(signals []Signal, findings []Finding) []analysis.Reading {
	var list []analysis.Reading
	for i, s := range signals {
		t := h.Tracks[s.Name]
		if s.Role != Evidence || t == nil || !t.Counts.Began || i >= len(findings) || findings[i].Verdict == Waits {
			continue
		}
		list = append(list, analysis.Reading{Signal: s.Name, Old: t.Counts.Old, New: t.Counts.New})
	}
	return list
}
