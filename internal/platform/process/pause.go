package process

import "time"

// An instance that keeps ending is started again at once the first time, then
// after firstPause, and after twice as long each further time up to longest.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
	// steady is how long a run must last to be no part of a streak.
	steady = time.Minute
)

// pauseAfter returns how long to wait after streak short runs in a row.
func pauseAfter(streak int) time.Duration {
	if streak <= 1 {
		return 0
	}
	pause := firstPause
	for range streak - 2 {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}

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
		if now.Sub(r.At) < steady {
			ended = r.At
		}
	}
	if ended.Sub(r.At) < steady {
		run.Streak = r.Streak + 1
	}
	pause := pauseAfter(run.Streak)
	// A clock that was set back must not hold the instance up for longer.
	return run, min(ended.Add(pause).Sub(now), pause)
}
