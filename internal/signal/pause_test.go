package signal_test

import (
	"testing"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/signal"
)

func TestAGuardThatAsksForAPauseNeverTakesTheReleaseBackByItself(t *testing.T) {
	t.Parallel()
	s := memory()
	s.For, s.Action = 5*time.Second, signal.AskPerson
	w := watching(t, s)
	w.expect(w.poll(sides(1, 9)...), signal.Worsened, "for 0s of 5s")
	f := w.poll(sides(1, 9)...)
	w.expect(f, signal.ToPause, "for 5s")
	if means, why := signal.Combined([]signal.Finding{f}); means != analysis.Suspicious || why != signal.Pausing([]signal.Finding{f}) || why == "" {
		t.Errorf("it means %v: %s", means, why)
	}
	f = w.poll(sides(9, 9)...)
	w.expect(f, signal.Fine)
	if why := signal.Pausing([]signal.Finding{f}); why != "" {
		t.Errorf("it pauses because %s", why)
	}
}

func TestOnlyAGuardHasAnAction(t *testing.T) {
	t.Parallel()
	s := misses()
	s.Role, s.Weight, s.Action = signal.Evidence, 0.1, signal.AskPerson
	if err := s.Check(); err == nil {
		t.Error("evidence with an action is taken")
	}
	s = memory()
	s.Action = "shout"
	if err := s.Check(); err == nil {
		t.Error("an unknown action is taken")
	}
}
