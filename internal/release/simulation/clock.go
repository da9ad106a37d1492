package simulation

import (
	"time"

	"cutover/internal/release"
)

// clockError is how far ahead a wrong clock is: longer than Finish lasts, so that
// a release which waits for the clock to come round again is stuck.
const clockError = 90 * 24 * time.Hour

// setClock puts the clock wrong, or right again. What takes its time goes on.
func (w *World) setClock() {
	if wrong := w.clockErrs; w.strikes(ClockErrs, 25) || wrong && w.Calm {
		w.clockErrs = !wrong
	} else {
		return
	}
	by := clockError
	if !w.clockErrs {
		by = -by
	}
	w.Now = w.Now.Add(by)
	for _, side := range []release.Side{release.Blue, release.Green} {
		for k := range *w.sides.Of(side) {
			in := &(*w.sides.Of(side))[k]
			in.readyAt = in.readyAt.Add(by)
		}
	}
	for k := range w.companions {
		w.companions[k].readyAt = w.companions[k].readyAt.Add(by)
	}
}
