package testkit

import (
	"testing"
	"time"
)

// patience is how long Await waits. It only matters when something is
// broken, so it is far longer than a loaded machine needs.
const patience = 5 * time.Minute

// Await returns as soon as done reports true, and fails the test, naming
// what was waited for, if that takes longer than twenty seconds.
func Await(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %s in vain for: %s", patience, what)
		}
	}
}
