package signal

import (
	"slices"
	"time"
)

// History is what is remembered of the signals: plain data, which goes on
// from where it was when it is written as JSON and read back. The zero value
// remembers nothing.
type History struct {
	// Names are what the sides are called in words.
	Names  Names             `json:"names"`
	Tracks map[string]*Track `json:"tracks,omitempty"`
}

// Names are the labels of the sides.
type Names struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Batch is what one poll of a signal brought.
type Batch struct {
	At       time.Time `json:"at"`
	Readings []Reading `json:"readings"`
	// Before says that the new side is not here yet: the readings tell how
	// things were before the release.
	Before bool `json:"before,omitempty"`
}

// Track is what is remembered of one signal.
type Track struct {
	// Rows are the polls, oldest first.
	Rows []Row `json:"rows,omitempty"`
	// Last are the counters that the next growth is taken from.
	Last     map[Side]Base `json:"last,omitempty"`
	Baseline Baseline      `json:"baseline"`
	// Counts are what evidence has counted since the new side is here.
	Counts Counts `json:"counts"`
}

// Row is what one poll said of every side.
type Row struct {
	At     time.Time `json:"at"`
	Old    Point     `json:"old"`
	New    Point     `json:"new"`
	Shared Point     `json:"shared"`
}

// Point is what one poll said of one side: a level, or a growth.
type Point struct {
	// At is when the number was so, Took over how long a counter grew to it.
	At    time.Time     `json:"at,omitzero"`
	Took  time.Duration `json:"took,omitempty"`
	Value float64       `json:"value,omitempty"`
	Of    float64       `json:"of,omitempty"`
	// Missing says why there is no number.
	Missing string `json:"missing,omitempty"`
	// Partial says that Value is the worst of those instances that answered.
	Partial bool `json:"partial,omitempty"`
	// Lost says that how much counters grew up to here will never be known.
	Lost bool `json:"lost,omitempty"`
}

func (r *Row) of(side Side) *Point {
	switch side {
	case Old:
		return &r.Old
	case New:
		return &r.New
	}
	return &r.Shared
}

// Take adds a poll of the signal. Polls come in the order of their times; one
// from before the latest means that the clock was set back, and what was
// known from then on is forgotten.
func (h *History) Take(s Signal, b Batch) {
	t := h.Tracks[s.Name]
	if t == nil {
		if h.Tracks == nil {
			h.Tracks = map[string]*Track{}
		}
		t = &Track{}
		h.Tracks[s.Name] = t
	}
	if n := len(t.Rows); n > 0 && b.At.Before(t.Rows[n-1].At) {
		t.Rows, t.Last = nil, nil
	}
	row := Row{At: b.At}
	for _, side := range s.sides(b.Before) {
		*row.of(side) = t.point(s, side, b)
	}
	if b.Before {
		t.Baseline.take(s, *row.of(s.reference()))
	}
	t.count(s, row, b.Before)
	t.Rows = append(t.Rows, row)
	t.forget(s)
}

// sides are those a reading is expected of.
func (s Signal) sides(before bool) []Side {
	switch {
	case s.Shared:
		return []Side{Shared}
	case before:
		return []Side{Old}
	}
	return []Side{Old, New}
}

// reference is the side that the baseline is taken from.
func (s Signal) reference() Side {
	if s.Shared {
		return Shared
	}
	return Old
}

// judged is the side that is compared.
func (s Signal) judged() Side {
	if s.Shared {
		return Shared
	}
	return New
}

// forget drops what can no longer count.
func (t *Track) forget(s Signal) {
	newest := t.Rows[len(t.Rows)-1].At
	from := newest.Add(-(max(s.Window, s.For) + s.Window + 2*s.Stale))
	keep := max(len(t.Rows)-maxRows, 0)
	for keep < len(t.Rows)-leastRows && t.Rows[keep].At.Before(from) {
		keep++
	}
	t.Rows = slices.Delete(t.Rows, 0, keep)
}

// point puts the readings of one side together.
func (t *Track) point(s Signal, side Side, b Batch) Point {
	var sound []Reading
	missing := ""
	for _, r := range b.Readings {
		if r.Side != side {
			continue
		}
		if r = r.sound(s, b.At); r.Missing == "" {
			sound = append(sound, r)
		} else if missing == "" {
			missing = r.Missing
			if r.Instance != "" {
				missing = r.Instance + ": " + missing
			}
		}
	}
	switch {
	case missing == "" && len(sound) == 0:
		missing = "the source said nothing"
	case s.Shape.grows() && missing == "":
		return t.growth(s, side, sound, b.At)
	case !s.Shape.grows() && len(sound) > 0:
		return s.merge(sound, missing)
	}
	return Point{At: b.At, Missing: missing}
}

// merge makes one level of those of a side's instances.
func (s Signal) merge(list []Reading, missing string) Point {
	p := Point{At: list[0].At, Value: list[0].level(s), Missing: missing}
	for _, r := range list[1:] {
		if r.At.Before(p.At) {
			p.At = r.At
		}
		switch v := r.level(s); {
		case s.Merge == Sum || s.Merge == Mean:
			p.Value += v
		case s.beyond(v, p.Value):
			p.Value = v
		}
	}
	if s.Merge == Mean {
		p.Value /= float64(len(list))
	}
	if missing != "" {
		// The worst of some is never worse than that of all; a sum is another.
		p.Partial = s.Merge == "" || s.Merge == Worst
	}
	return p
}

func (r Reading) level(s Signal) float64 {
	if s.Shape == Share {
		return r.Value / r.Of
	}
	return r.Value
}

// beyond reports whether v is worse than limit.
func (s Signal) beyond(v, limit float64) bool {
	if s.Worse == Lower {
		return v < limit
	}
	return v > limit
}
