package memory_test

import (
	"testing"

	"cutover/internal/store/memory"
	"cutover/internal/store/storetest"
)

func TestTheJournalInMemoryKeepsThePromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Opener {
		shared := new(memory.Store)
		return func(*testing.T) storetest.Store { return shared }
	})
}
