package engine

import (
	"strings"
	"testing"

	"cutover/internal/release"
	"cutover/internal/signal"
)

func TestASignalWhoseActionIsToPauseWaitsForAPersonAndIsNoReasonToGoBack(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		d := &dials{report: finding(signal.Fine, "green 3")}
		c := h.gauged(d)
		h.untilHeld(c, release.Shifting)
		d.show(finding(signal.ToPause, "green 40%; at most 20% is permitted"))
		paused := func() bool { v, _ := c.View("r2"); return v.State.Halt != nil }
		h.until("r2 is paused", paused)
		v, _ := c.View("r2")
		if v.State.Step != 0 || v.State.Halt.Kind != release.Paused || !strings.Contains(v.State.Halt.Reason, "queue: green 40%") || !strings.Contains(v.State.Halt.Cure, "cutover next") {
			t.Errorf("it is %s: %+v", v.State.Word(), v.State.Halt)
		}
		h.request(c, "r2", release.VerbNext)
		h.until("it goes on in spite of it", func() bool { v, _ := c.View("r2"); return v.State.Step == 1 })
		h.until("the next step asks again", paused)
		d.show(finding(signal.Fine, "green 3"))
		h.request(c, "r2", release.VerbResume)
		h.untilPhase(c, "r2", release.Done)
	})
}
