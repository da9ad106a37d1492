// Package restart says when an instance that ended by itself is started again.
package restart

import "time"

// An instance that keeps ending is started again at once the first time, then
// after firstPause, and after twice as long each further time up to longest.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
	// Steady is how long a run must last to be no part of a streak.
	Steady = time.Minute
)

// Pause returns how long to wait after streak short runs in a row.
func Pause(streak int) time.Duration {
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
