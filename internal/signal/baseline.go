package signal

import (
	"slices"
	"strings"
	"time"
)

// Baseline is how a signal was before the release: the median of levels, or
// all growth together.
type Baseline struct {
	// Levels are the latest, at most 256.
	Levels []float64 `json:"levels,omitempty"`
	Value  float64   `json:"value,omitempty"`
	Of     float64   `json:"of,omitempty"`
	// Took is over how long counters were watched, Last when last.
	Took time.Duration `json:"took,omitempty"`
	Last time.Time     `json:"last,omitzero"`
	// Readings is how many there are.
	Readings int `json:"readings,omitempty"`
}

const (
	maxLevels     = 256
	leastReadings = 5
)

func (b *Baseline) take(s Signal, p Point) {
	if p.Missing != "" || p.At.Equal(b.Last) || s.Shape.grows() && p.Took <= 0 {
		return
	}
	b.Last = p.At
	b.Readings++
	if s.Shape.grows() {
		b.Value, b.Of, b.Took = b.Value+p.Value, b.Of+p.Of, b.Took+p.Took
		return
	}
	b.Levels = append(b.Levels, p.Value)
	b.Levels = slices.Delete(b.Levels, 0, max(len(b.Levels)-maxLevels, 0))
}

func (b Baseline) value(s Signal) Measured {
	switch {
	case b.Readings < leastReadings:
		return unknown("the baseline has %d of the %d readings it needs from before the release", b.Readings, leastReadings)
	case s.Shape == Rate:
		return Measured{Known: true, Value: b.Value / b.Took.Seconds()}
	case s.Shape == Counted && b.Of <= 0:
		return unknown("the whole did not grow before the release: nothing to divide by")
	case s.Shape == Counted:
		return Measured{Known: true, Value: b.Value / b.Of}
	}
	sorted := slices.Sorted(slices.Values(b.Levels))
	return Measured{Known: true, Value: sorted[len(sorted)/2]}
}

// Baselines returns what is known from before the release, by signal: what
// has to be kept so that a watch can be taken up again.
func (h History) Baselines() map[string]Baseline {
	all := map[string]Baseline{}
	for name, t := range h.Tracks {
		if t.Baseline.Readings > 0 {
			b := t.Baseline
			b.Levels = slices.Clone(b.Levels)
			all[name] = b
		}
	}
	return all
}

// Recall takes up baselines from an earlier watch. What has more readings
// already is left.
func (h *History) Recall(all map[string]Baseline) {
	for name, b := range all {
		if h.Tracks == nil {
			h.Tracks = map[string]*Track{}
		}
		t := h.Tracks[name]
		if t == nil {
			t = &Track{}
			h.Tracks[name] = t
		}
		if b.Readings > t.Baseline.Readings {
			b.Levels = slices.Clone(b.Levels)
			t.Baseline = b
		}
	}
}

// Unread names a signal that the set compares with how things were before the
// release, if that is not known yet, and says why; "" for none.
func (s Set) Unread(all map[string]Baseline) (name, why string) {
	for _, one := range s.Signals {
		if one.Compare != WithBaseline && !s.recalls(one.Name) {
			continue
		}
		if v := all[one.Name].value(one); !v.Known {
			return one.Name, v.Why
		}
	}
	return "", ""
}

// recalls reports whether a condition may name the baseline of a signal. One
// that only names a longer name begins a little later than it need.
func (s Set) recalls(name string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool { return strings.Contains(c.Expression, "baseline."+name) })
}
