package fault

import "time"

// Clock is a clock that a Dial can set forward or back while the program runs:
// what a program gets to see when somebody, or NTP, sets the machine's.
// Timers do not jump, as they do not on a real machine: they follow the
// monotonic clock.
type Clock struct {
	// Path is the dial's file.
	Path string
}

// Now returns the time, as far off as the dial says. It has no monotonic part,
// so that differences jump as those between two recorded times do.
func (c Clock) Now() time.Time { return time.Now().Round(0).Add(readSpan(c.Path)) }

// Jump sets the clock by this much, and back when it is mended.
func (c Clock) Jump(by time.Duration) Fault {
	means := "clock set forward"
	if by < 0 {
		means = "clock set back"
	}
	return Dial{Path: c.Path, Setting: by.String(), Means: means}
}
