package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// shortest is how long before a moment Go's own timers are left: they wait in
// whole milliseconds, and would make every request up to one late.
const shortest = 2 * time.Millisecond

// doze sleeps for a time below shortest to within the kernel's timer slack,
// about 50 µs, unless a signal wakes it earlier.
func doze(d time.Duration) {
	left := unix.NsecToTimespec(int64(d))
	// A signal may wake it before its time.
	_ = unix.Nanosleep(&left, nil)
}
