package simulation

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets rubbish pile up: the heap is tiny, and to collect it all the
// time would take longer than the simulations.
func TestMain(m *testing.M) {
	debug.SetGCPercent(2000)
	os.Exit(m.Run())
}
