package release

import (
	"testing"
	"time"
)

func TestNoPauseOutlastsAClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	stop := Action{Kind: ActStop, Side: Green, Instances: []string{"green-1"}}
	for _, c := range []struct {
		what   string
		at     time.Duration
		failed int
		begins bool
	}{
		{"done a moment ago", -500 * time.Millisecond, 0, false},
		{"done after this look", 5 * time.Second, 0, false},
		{"done by a clock that was two hours ahead", 2 * time.Hour, 0, true},
		{"failed a moment ago", -500 * time.Millisecond, 1, false},
		{"failed after this look", 5 * time.Second, 1, false},
		{"failed by a clock that was two hours ahead", 2 * time.Hour, 1, true},
	} {
		s := stateIn(shopPlan(Canary, 2), Reverting)
		s.Tries = []Try{{Kind: ActStop, Side: Green, Action: stop, OK: c.failed == 0, Failures: c.failed, At: noon.Add(c.at)}}
		d := decider{s: &s, p: &s.Plan, w: &World{Now: noon}}
		d.want(stop)
		if got := len(d.out.Actions) == 1; got != c.begins {
			t.Errorf("%s: begun %t, want %t", c.what, got, c.begins)
		}
	}
}

func TestAHoldBeginsAnewWhenTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	for ahead, anew := range map[time.Duration]bool{-time.Hour: false, 5 * time.Second: false, 2 * time.Hour: true} {
		s := stateIn(shopPlan(Canary, 2), Shifting)
		s.Held, s.HeldAt, s.Base.Epoch = true, noon.Add(ahead), "e"
		d := decider{s: &s, p: &s.Plan, w: &World{Now: noon, Traffic: Traffic{Known: true, Epoch: "e"}}}
		going := d.counted()
		if going == anew || (len(d.out.Events) == 1) != anew {
			t.Errorf("recorded %s ahead: it goes on %t with the events %v", ahead, going, d.out.Events)
			continue
		}
		if !anew {
			continue
		}
		after, err := Fold(s, Entry{Seq: 2, At: noon, Event: d.out.Events[0]})
		if err != nil || !after.HeldAt.Equal(noon) {
			t.Errorf("the hold begins at %s, %v", after.HeldAt, err)
		}
	}
}
