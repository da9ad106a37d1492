package release

import (
	"slices"
	"strings"
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

func TestADrainIsWaitedForAnewNotForAnHourWhenTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	s, w := leaving(t, DrainForce, 0, Load{ID: "b1", Streams: 2})
	s.EnteredAt = w.Now.Add(time.Hour)
	s.DegradedAt.Green, s.Cut.Green = w.Now.Add(time.Hour), Cut{Streams: 1, Last: w.Now.Add(59 * time.Minute)}
	s, events, _ := settle(t, s, w)
	said, ok := events[0].(Noticed)
	if !ok || said.What != SetBack || !strings.Contains(said.Detail, "1h") {
		t.Fatalf("it did not notice: %+v", events)
	}
	if !s.EnteredAt.Equal(w.Now) || s.DegradedAt.Green.After(w.Now) || !s.Cut.Green.Last.Before(s.EnteredAt) {
		t.Errorf("entered %s, degraded %s, cut %s; now is %s", s.EnteredAt, s.DegradedAt.Green, s.Cut.Green.Last, w.Now)
	}
	if !s.DegradedAt.Blue.IsZero() || !s.JudgedAt.IsZero() {
		t.Error("what never began has begun")
	}
	if closes(t, s, w) {
		t.Error("the streams got no grace")
	}
	w.Now = w.Now.Add(s.Plan.Front.StreamGrace)
	if !closes(t, s, w) {
		t.Error("the streams are waited for after their grace")
	}
}

// closes reports whether streams are to be closed.
func closes(t *testing.T, s State, w World) bool {
	t.Helper()
	_, _, actions := settle(t, s, w)
	return slices.ContainsFunc(actions, func(a Action) bool { return a.Kind == ActCloseStreams })
}

func TestAClockThatIsAMomentBehindIsNotNoticed(t *testing.T) {
	t.Parallel()
	s, w := leaving(t, DrainForce, 0, Load{ID: "b1", Streams: 2})
	s.EnteredAt = w.Now.Add(5 * time.Second)
	if _, events, _ := settle(t, s, w); len(events) > 0 {
		t.Errorf("it recorded %+v", events)
	}
}
