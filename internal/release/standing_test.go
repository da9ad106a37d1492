package release

import (
	"reflect"
	"testing"
)

func TestWhatStandsChangesOnlyWhenAReleaseIsDone(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	s := FoldStanding(Standing{}, Entry{Seq: 1, At: noon, Event: RecordedPlan{Plan: p}}, State{})
	if s.App != "shop" || s.Active != "r2" || s.Serves().Version != "" {
		t.Errorf("a plan made it %+v", s)
	}
	of := State{Release: "r2", Plan: p}
	for _, ev := range []Event{Entered{Phase: Soaking}, Reached{}, Intended{}, Finished{}, Requested{}, Halted{}, Judged{}, Noticed{}} {
		if got := FoldStanding(s, Entry{Event: ev, At: noon}, of); !reflect.DeepEqual(got, s) {
			t.Errorf("%T made it %+v", ev, got)
		}
	}
	done := FoldStanding(s, Entry{At: noon, Event: Ended{Outcome: Done}}, of)
	if done.Serves().Version != "v2" || done.Active != "" || !done.Since.Equal(noon) {
		t.Errorf("done made it %+v", done)
	}
	back := FoldStanding(s, Entry{At: noon, Event: Ended{Outcome: RolledBack, Reason: "crash loop"}}, of)
	if back.Serves().Version != "" || back.Active != "" || len(back.Rejected) > 0 {
		t.Errorf("taken back before it ran made it %+v", back)
	}
}

func TestAVersionIsRejectedOnceAndUntilItIsAllowedOrBroughtIn(t *testing.T) {
	t.Parallel()
	of := State{Release: "r2", Plan: shopPlan(Canary, 2)}
	rejection := Entry{At: noon, Event: Ended{Outcome: RolledBack, Reason: "crash loop", Rejected: true}}
	s := FoldStanding(Standing{Rejected: []Rejected{{Version: "v0"}}}, rejection, of)
	s = FoldStanding(s, rejection, of)
	got, ok := s.Rejects("v2")
	if want := (Rejected{Version: "v2", Release: "r2", Reason: "crash loop", At: noon}); !ok || got != want || len(s.Rejected) != 2 {
		t.Errorf("it rejects %+v, want v0 and %+v", s.Rejected, want)
	}
	if _, ok := s.Rejects("v3"); ok {
		t.Error("it rejects a version that never ran")
	}
	allowed := FoldStanding(s, Entry{Event: Allowed{Version: "v2"}}, State{})
	if _, ok := allowed.Rejects("v2"); ok || len(allowed.Rejected) != 1 {
		t.Errorf("after it was allowed it rejects %+v", allowed.Rejected)
	}
	if _, ok := s.Rejects("v2"); !ok {
		t.Error("what stood before was changed")
	}
	if in := FoldStanding(s, Entry{At: noon, Event: Ended{Outcome: Done}}, of); len(in.Rejected) != 1 {
		t.Errorf("brought in all the same, it rejects %+v", in.Rejected)
	}
}
