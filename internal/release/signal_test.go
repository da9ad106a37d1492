package release

import (
	"strings"
	"testing"
	"time"
)

// withheldVerdict is one that speaks against going on and not for going back.
var withheldVerdict = Verdict{Kind: NotEnough, Reason: "no worse", Holds: "queue: the source does not answer"}

func TestAHoldDoesNotEndByTimeWhileASignalSpeaksAgainstIt(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	p.Steps[0].Hold = Hold{AtLeast: time.Minute} // ends by time alone
	s, w := held(t, p, time.Hour, withheldVerdict)
	s.Verdict, s.JudgedAt = w.Verdict, w.Now
	d := Decide(s, w)
	waits := strings.Join(Explain(s, w).Waits, "\n")
	if len(d.Events) != 0 || !strings.Contains(waits, withheldVerdict.Holds) {
		t.Fatalf("what follows is %+v; it waits for %s", d, waits)
	}
	s.Next = true
	if en, ok := onlyEvent(t, s, w).(Entered); !ok || en.Step != 1 {
		t.Errorf("next does not go on in spite of it: %+v", en)
	}
}

func TestAHoldThatASignalMakesTooLongBecomesAPauseThatSaysWhy(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	p.Steps[0].Hold = Hold{AtLeast: time.Minute, AtMost: 30 * time.Minute}
	s, w := held(t, p, time.Hour, withheldVerdict)
	s.Verdict, s.JudgedAt = w.Verdict, w.Now
	if h, ok := onlyEvent(t, s, w).(Halted); !ok || !strings.Contains(h.Reason, withheldVerdict.Holds) || !strings.Contains(h.Cure, "cutover next") {
		t.Errorf("what follows is %+v", h)
	}
}

func TestNothingIsBegunBeforeItIsKnownHowThingsWere(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	_, w := held(t, p, time.Minute, Verdict{})
	w.Sides.Green.List, w.Traffic.Sides.Green.Endpoints = nil, nil
	s := stateIn(p, Preflight)
	w.Unread = "signal queue: the baseline has 2 of the 5 readings"
	if d := Decide(s, w); len(d.Events) != 0 || strings.Join(Explain(s, w).Waits, "\n") != w.Unread {
		t.Errorf("what follows is %+v", d)
	}
	w.Unread = ""
	if en, ok := onlyEvent(t, s, w).(Entered); !ok || en.Phase != Starting {
		t.Errorf("what follows is %+v", en)
	}
}

func TestAShadowThatEndsWellStillWaitsForItsSignals(t *testing.T) {
	t.Parallel()
	p := shopPlan(ShadowOnly, 2)
	p.Steps = []Step{{Shadow: &Shadow{Share: All, Samples: 10}}}
	s, w := held(t, p, time.Hour, withheldVerdict)
	w.Traffic.Comparison = &Comparison{Samples: 100}
	if v := s.Weigh(w); v.Kind != NotEnough || v.Holds != withheldVerdict.Holds {
		t.Errorf("the verdict is %+v", v)
	}
}
