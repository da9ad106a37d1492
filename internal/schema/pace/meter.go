package pace

import (
	"math"
	"time"
)

// memory is how far back a meter looks: what happened this long ago counts
// a third of what happens now.
const memory = 20 * time.Second

// Meter tells how fast a fill goes, and so when it will be done. Rests and
// pauses count: what is promised is when users will see the end. The zero
// value is ready.
type Meter struct {
	last              time.Time
	pages, rows, time float64
}

// Add counts what has been done since the last call; the first only starts
// the clock.
func (m *Meter) Add(now time.Time, pages, rows int64) {
	if m.last.IsZero() {
		m.last = now
		return
	}
	passed := max(0, now.Sub(m.last))
	m.last = now
	fade := math.Exp(-float64(passed) / float64(memory))
	m.pages = m.pages*fade + float64(pages)
	m.rows = m.rows*fade + float64(rows)
	m.time = m.time*fade + passed.Seconds()
}

// Rows returns rows per second; 0 before anything is known.
func (m *Meter) Rows() float64 {
	if m.time == 0 {
		return 0
	}
	return m.rows / m.time
}

// Left returns in how many seconds as many pages will be done; 0 if that is
// not known.
func (m *Meter) Left(pages int64) float64 {
	if m.pages == 0 || pages <= 0 {
		return 0
	}
	return float64(pages) * m.time / m.pages
}
