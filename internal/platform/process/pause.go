package process

import (
	"time"

	"cutover/internal/restart"
)

// next returns what follows on a run that has ended by itself: its restart
// count and streak go on, it wants the same port, and it may not begin for
// wait. After a reboot nothing ended by itself.
func (r slotRun) next(end slotEnd, boot string, now time.Time) (run slotRun, wait time.Duration) {
	run = slotRun{Port: r.Port, Restarts: r.Restarts}
	if r.Boot != boot {
		return run, 0
	}
	run.Restarts++
	ended := end.At
	if ended.IsZero() {
		// Nobody saw it end. It may have run until now, but not longer.
		ended = now
		if now.Sub(r.At) < restart.Steady {
			ended = r.At
		}
	}
	if ended.Sub(r.At) < restart.Steady {
		run.Streak = r.Streak + 1
	}
	pause := restart.Pause(run.Streak)
	// A clock that was set back must not hold the instance up for longer.
	return run, min(ended.Add(pause).Sub(now), pause)
}
