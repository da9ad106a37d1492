package fault_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/testkit/fault"
)

func TestAClockJumpsAndJumpsBack(t *testing.T) {
	t.Parallel()
	c := fault.Clock{Path: filepath.Join(t.TempDir(), "clock")}
	off := func() time.Duration { return time.Until(c.Now()).Round(time.Hour) }
	for _, by := range []time.Duration{-2 * time.Hour, 3 * time.Hour} {
		heal := inject(t, c.Jump(by))
		if got := off(); got != by {
			t.Errorf("the clock is off by %s, want %s", got, by)
		}
		heal()
		if got := off(); got != 0 {
			t.Errorf("the clock is off by %s after it was set back", got)
		}
	}
}

func TestASlowDiskHoldsAWriteUpForAsLongAsItSays(t *testing.T) {
	t.Parallel()
	d := fault.Drag{Path: filepath.Join(t.TempDir(), "disk")}
	heal := inject(t, d.Slow(time.Hour))
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		d.Wait(t.Context())
		if took := time.Since(began); took != time.Hour {
			t.Errorf("held up for %s", took)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began = time.Now()
		if d.Wait(short); time.Since(began) != time.Minute {
			t.Errorf("a caller that gave up was held for %s", time.Since(began))
		}
	})
	heal()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if d.Wait(t.Context()); time.Since(began) != 0 {
			t.Error("held up although all is well")
		}
	})
}
