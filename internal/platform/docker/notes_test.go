package docker

import (
	"testing"
	"time"
)

func TestWhatFollowsOnARunThatEnded(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	run := runNote{After: began.Add(-time.Hour), Boot: "b", Restarts: 3, Streak: 3}
	for name, c := range map[string]struct {
		note     runNote
		ended    time.Duration
		boot     string
		now      time.Duration
		restarts int
		streak   int
		wait     time.Duration
	}{
		"a short run":                   {run, time.Second, "b", time.Second, 4, 4, 4 * time.Second},
		"a short run, some time ago":    {run, time.Second, "b", 4 * time.Second, 4, 4, time.Second},
		"a long run":                    {run, time.Hour, "b", time.Hour, 4, 0, 0},
		"the clock was set back":        {run, time.Second, "b", -time.Hour, 4, 4, 4 * time.Second},
		"the machine was started again": {run, time.Second, "c", time.Second, 3, 0, 0},
		"noted, and not carried out":    {runNote{After: began, Boot: "b", Restarts: 4, Streak: 4}, time.Second, "b", time.Second, 4, 4, 0},
	} {
		next, wait := c.note.next(began, began.Add(c.ended), c.boot, began.Add(c.now))
		if next.Restarts != c.restarts || next.Streak != c.streak || wait != c.wait || !next.After.Equal(began) {
			t.Errorf("%s: %+v after %s; want %d restarts, streak %d, after %s", name, next, wait, c.restarts, c.streak, c.wait)
		}
	}
}
