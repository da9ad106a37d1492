package process

import (
	"testing"
	"time"
)

func TestWhatFollowsOnARunThatEnded(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	run := slotRun{identity: identity{Pid: 1, Boot: "b"}, Port: 20001, At: began, Restarts: 3, Streak: 3}
	end := func(after time.Duration) slotEnd { return slotEnd{At: began.Add(after)} }
	for name, c := range map[string]struct {
		end      slotEnd
		boot     string
		now      time.Duration
		restarts int
		streak   int
		wait     time.Duration
	}{
		"a short run":                      {end(time.Second), "b", time.Second, 4, 4, 4 * time.Second},
		"a short run, some time ago":       {end(time.Second), "b", 4 * time.Second, 4, 4, time.Second},
		"a long run":                       {end(time.Hour), "b", time.Hour, 4, 0, 0},
		"an end nobody saw, soon after":    {slotEnd{}, "b", 2 * time.Second, 4, 4, 2 * time.Second},
		"an end nobody saw, long after":    {slotEnd{}, "b", time.Hour, 4, 0, 0},
		"the clock was set back":           {end(time.Second), "b", -time.Hour, 4, 4, 4 * time.Second},
		"the machine was started again":    {slotEnd{}, "c", time.Second, 3, 0, 0},
		"the same, with the end on record": {end(time.Second), "c", time.Hour, 3, 0, 0},
	} {
		next, wait := run.next(c.end, c.boot, began.Add(c.now))
		if next.Restarts != c.restarts || next.Streak != c.streak || wait != c.wait || next.Port != run.Port || next.Pid != 0 {
			t.Errorf("%s: %+v after %s; want %d restarts, streak %d, after %s", name, next, wait, c.restarts, c.streak, c.wait)
		}
	}
}
