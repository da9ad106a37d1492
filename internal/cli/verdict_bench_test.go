package cli_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
)

// benchRuns is how many releases each figure rests on.
const benchRuns = 9

// BenchmarkTakingBack says how long users have a bad version at 5 % of the
// traffic and 100 requests a second, from the moment the front sends the first
// of them there until the last one has left.
func BenchmarkTakingBack(b *testing.B) {
	for _, c := range []struct {
		name, reason string
		flags        []string
	}{
		{"FailsATwentieth", "of 1,000 needed", []string{"--fails", "0.05"}},
		{"TwiceAsSlow", "latency: green half within", []string{"--median", "40ms"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for k := range benchRuns {
				b.Run(strconv.Itoa(k+1), func(b *testing.B) {
					h, users := shaky(b, 100)
					h.bring(watchful, c.flags...)
					took = append(took, h.takenBack(users, c.reason))
					users.finish()
				})
			}
			say(b, took)
		})
	}
}

// say prints the median and the longest of some times.
func say(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	if len(took) > 0 {
		fmt.Printf("%s: %d releases, median %.1f s, longest %.1f s\n", b.Name(), len(took), took[len(took)/2].Seconds(), took[len(took)-1].Seconds())
	}
}

// BenchmarkHealthy brings ten good releases in, one after the other, and says
// how long that takes with an adaptive pace. None may be taken back.
func BenchmarkHealthy(b *testing.B) {
	var took []time.Duration
	for k := range 10 {
		b.Run(strconv.Itoa(k+1), func(b *testing.B) {
			h, users := shaky(b, 100)
			h.bring(brisk)
			v := h.untilView("in standby", func(v api.View) bool { return v.State.Phase == release.Standby || rolledBack(v) })
			if rolledBack(v) {
				b.Errorf("it was taken back: %s", v.State.Reason)
			}
			took = append(took, v.State.EnteredAt.Sub(h.recorded("shop-v2", "reached")))
			users.finish()
		})
	}
	say(b, took)
}
