package release

import "time"

// farAhead is how far ahead of a look a recorded time must lie to tell of a
// clock that was set back. What was recorded after the look lies ahead of it
// too, though never that far.
const farAhead = time.Minute

// ahead reports whether a time was recorded by a clock that has been set back
// since. Nothing waits for such a time to come: that could take as long as the
// clock was wrong.
func (d *decider) ahead(at time.Time) bool { return at.Sub(d.w.Now) > farAhead }
