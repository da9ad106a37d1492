package restart

import (
	"testing"
	"time"
)

func TestPausesGrowToALimit(t *testing.T) {
	t.Parallel()
	want := []time.Duration{0, 0, 1, 2, 4, 8, 16, 30, 30, 30}
	for streak, seconds := range want {
		if got := Pause(streak); got != seconds*time.Second {
			t.Errorf("after %d short runs: %s, want %d s", streak, got, seconds)
		}
	}
	if got := Pause(1_000_000); got != longestPause {
		t.Errorf("after a million short runs: %s", got)
	}
}
