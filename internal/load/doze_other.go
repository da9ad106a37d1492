//go:build !linux

package load

import "time"

// shortest is 0 where Go's own timers have to do.
const shortest = 0

func doze(time.Duration) {}
