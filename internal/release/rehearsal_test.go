package release

import (
	"strings"
	"testing"
)

// rehearsedPlan returns a plan whose change is tried first.
func rehearsedPlan(allow Impact) Plan {
	p := shopPlan(BlueGreen, 1)
	p.Schema = Schema{Expand: true}
	p.Rehearsal = Rehearsal{Before: Expanding, Allow: allow}
	return p
}

// found is the end of a rehearsal.
func found(i Impact) Finished {
	return Finished{Kind: ActRehearse, Rehearsed: &Rehearsed{Impact: i, Reasons: []string{"a column is gone", "a view is gone"}}}
}

func TestOnlyWhatIsWorseThanAllowedNeedsAnApproval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		allow, impact Impact
		bars          bool
	}{
		{"", Compatible, false}, {"", NeedsCare, true}, {NeedsCare, NeedsCare, false}, {NeedsCare, Destructive, true},
		{Destructive, Destructive, false}, {Destructive, Unproven, true}, {Destructive, "unheard-of", true},
	} {
		s, err := folded(rehearsedPlan(c.allow), Entered{Phase: Preflight}, found(c.impact))
		if err != nil || s.barred() != c.bars {
			t.Errorf("%s where %q is allowed bars the release: %t, %v", c.impact, c.allow, s.barred(), err)
		}
	}
}

func TestNextApprovesOnlyOfWhatSomebodyWasAskedAbout(t *testing.T) {
	t.Parallel()
	p := rehearsedPlan("")
	paused, err := folded(p, Entered{Phase: Preflight}, Requested{Verb: VerbPause}, found(Destructive))
	if err != nil || paused.Permits(VerbNext) == nil {
		t.Errorf("next is permitted although nobody was asked: %v", err)
	}
	d := decider{p: &paused.Plan, s: &paused, w: &World{}}
	d.rehearsing()
	halt, is := d.out.Events[0].(Halted)
	if !is || !strings.Contains(halt.Reason, "destructive: a column is gone (and 1 more reason)") {
		t.Fatalf("it asks %+v", d.out.Events)
	}
	asked, err := folded(p, Entered{Phase: Preflight}, Requested{Verb: VerbPause}, found(Destructive), halt)
	if err != nil || asked.Permits(VerbNext) != nil {
		t.Errorf("next is refused: %v, %v", asked.Permits(VerbNext), err)
	}
	approved, err := folded(p, Entered{Phase: Preflight}, found(Destructive), halt, Requested{Verb: VerbNext})
	if err != nil || approved.Approved != "ann" || approved.Halt != nil || approved.Next || approved.barred() {
		t.Errorf("after next: approved by %q, halt %v, %v", approved.Approved, approved.Halt, err)
	}
	again, err := folded(p, Entered{Phase: Preflight}, found(Destructive), halt, Requested{Verb: VerbResume})
	if err != nil || again.Rehearsed != nil || again.Halt != nil {
		t.Errorf("after resume: %+v, %v", again.Rehearsed, err)
	}
}
