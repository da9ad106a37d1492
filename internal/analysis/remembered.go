package analysis

import "time"

// Remembered is one client that a Once remembers.
type Remembered struct {
	Slot uint16 `json:"s"`
	// At is when it was counted, in nanoseconds of the Unix clock.
	At int64 `json:"t"`
}

// Remembers returns whom o would not count again at the moment at, so that
// another Once of the same kind can go on in its place.
func (o *Once) Remembers(at time.Time) []Remembered {
	var all []Remembered
	for slot, last := range o.last {
		if since := at.Sub(last); !last.IsZero() && since >= 0 && since < o.every {
			all = append(all, Remembered{uint16(slot), last.UnixNano()})
		}
	}
	return all
}

// Remember takes over whom another Once remembered.
func (o *Once) Remember(all []Remembered) {
	for _, r := range all {
		if slot := &o.last[r.Slot%onceSlots]; slot.UnixNano() < r.At || slot.IsZero() {
			*slot = time.Unix(0, r.At)
		}
	}
}
