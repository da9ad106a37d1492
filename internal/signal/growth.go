package signal

import (
	"fmt"
	"time"
)

// Base is where the counters of a side stood.
type Base struct {
	At time.Time          `json:"at"`
	By map[string]Reading `json:"by"`
}

// growth returns how much a side's counters grew since they were last sound,
// and takes them as the next base. A growth is only known if every instance
// was there before, in the same epoch, and time went on.
func (t *Track) growth(s Signal, side Side, list []Reading, now time.Time) Point {
	next := Base{At: list[0].At, By: map[string]Reading{}}
	for _, r := range list {
		next.By[r.Instance] = r
		if r.At.After(next.At) {
			next.At = r.At
		}
	}
	last, begun := t.Last[side]
	why := "the first reading is only a beginning"
	if begun {
		why = s.broken(last, next)
	}
	if begun && why == "" && next.At.Equal(last.At) {
		// The source has nothing newer: that is no growth of 0.
		return Point{At: last.At}
	}
	if t.Last == nil {
		t.Last = map[Side]Base{}
	}
	t.Last[side] = next
	if why != "" {
		return Point{At: now, Missing: why, Lost: true}
	}
	p := Point{At: next.At, Took: next.At.Sub(last.At)}
	for id, r := range next.By {
		p.Value += r.Value - last.By[id].Value
		p.Of += r.Of - last.By[id].Of
	}
	if s.Shape == Counted && p.Value > p.Of {
		return Point{At: now, Missing: fmt.Sprintf("more bad ones than there are in all: %s of %s", digits(p.Value), digits(p.Of)), Lost: true}
	}
	return p
}

// broken says why the counters cannot be compared, "" if they can.
func (s Signal) broken(last, next Base) string {
	for id, r := range last.By {
		if _, still := next.By[id]; !still {
			return r.name() + " is gone, and its counter with it"
		}
	}
	for id, r := range next.By {
		before, known := last.By[id]
		switch {
		case !known:
			return r.name() + " is new: its first reading is only a beginning"
		case r.At.Before(before.At):
			return fmt.Sprintf("the clock of %s went back by %s", r.name(), span(before.At.Sub(r.At)))
		case r.Epoch != before.Epoch, r.Value < before.Value, r.Of < before.Of:
			return "a counter of " + r.name() + " started anew"
		}
	}
	if took := next.At.Sub(last.At); took > s.Window+s.Stale {
		return "the reading before was " + span(took) + " ago"
	}
	return ""
}
