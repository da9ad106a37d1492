package report

import (
	"time"

	"cutover/internal/release"
)

// Stage is one phase of a release, or one step of its traffic.
type Stage struct {
	Phase release.Phase `json:"phase"`
	// Word is the phase with the step's share, such as "shifting (10%)".
	Word   string        `json:"word"`
	Reason string        `json:"reason"`
	At     time.Time     `json:"at"`
	Took   time.Duration `json:"took"`
	// Open says that it goes on.
	Open bool `json:"open,omitempty"`
	// Reached is how long after At the front was seen to do what the stage
	// demands; 0 if it was not, or need not.
	Reached time.Duration `json:"reached,omitempty"`
	// Requests is what each side got from then on, Share the new side's share of
	// them; nil where nothing was counted.
	Requests *release.Sides[uint64] `json:"requests,omitempty"`
	Share    *float64               `json:"share,omitempty"`
	Deeds    []Deed                 `json:"deeds,omitempty"`

	base, last *release.Reading
}

// Deed is an action that was carried out, several in a row of the same kind and
// end together.
type Deed struct {
	At     time.Time     `json:"at"`
	Action string        `json:"action"`
	Times  int           `json:"times"`
	Took   time.Duration `json:"took"`
	Error  string        `json:"error,omitempty"`
	// Canceled says that it was given up, Open that its end is not on record.
	Canceled bool `json:"canceled,omitempty"`
	Open     bool `json:"open,omitempty"`

	key string
}

// read takes in the front's counters at a moment of the stage.
func (s *Stage) read(r *release.Reading) {
	if s == nil || r == nil {
		return
	}
	if s.base == nil || s.base.Epoch != r.Epoch {
		s.base = r // counters that began anew tell nothing of what was before
	}
	s.last = r
}

// close ends a stage at a time.
func (s *Stage) close(at time.Time, open bool, fresh release.Side) {
	s.Took, s.Open = at.Sub(s.At), open
	s.merge()
	if s.base == nil || s.Reached == 0 {
		return
	}
	grown := grownSince(*s.base, *s.last)
	n := release.Sides[uint64]{Blue: grown.Blue.Accepted, Green: grown.Green.Accepted}
	s.Requests, s.Share = &n, part(float64(*n.Of(fresh)), float64(n.Blue+n.Green))
}

func grownSince(base, now release.Reading) release.Sides[release.Counters] {
	return release.Sides[release.Counters]{Blue: now.Sides.Blue.Minus(base.Sides.Blue), Green: now.Sides.Green.Minus(base.Sides.Green)}
}

// part is a share, nil of nothing.
func part(of, all float64) *float64 {
	if !(all > 0) {
		return nil
	}
	share := of / all
	return &share
}

// merge puts deeds together that say the same in a row.
func (s *Stage) merge() {
	var kept []Deed
	for _, d := range s.Deeds {
		if n := len(kept) - 1; n >= 0 && !d.Open && kept[n].same(d) {
			kept[n].Times++
			kept[n].Took += d.Took
			continue
		}
		kept = append(kept, d)
	}
	s.Deeds = kept
}

func (d Deed) same(o Deed) bool {
	return d.Action == o.Action && d.Error == o.Error && d.Canceled == o.Canceled && !d.Open
}
