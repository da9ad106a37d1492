package release

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// held returns a canary's first step that has been held for a while, and a
// world in which everything is as it should be, with a verdict.
func held(t *testing.T, p Plan, after time.Duration, v Verdict) (State, World) {
	t.Helper()
	s := stateIn(p, Shifting)
	s.Held, s.HeldAt, s.Base = true, noon, Reading{Epoch: "e1"}
	s.Brought = true
	w := World{Now: noon.Add(after), Verdict: v}
	w.Traffic = Traffic{Known: true, Served: true, Epoch: "e1", Salt: p.Release, Private: Green}
	for _, side := range []Side{Blue, Green} {
		in := w.Sides.Of(side)
		in.Known = true
		for _, n := range []string{"1", "2"} {
			in.List = append(in.List, Instance{ID: string(side) + n, Addr: "a" + n, Side: side, Alive: true, Ready: true, ReadySince: noon})
			w.Traffic.Sides.Of(side).Endpoints = append(w.Traffic.Sides.Of(side).Endpoints, Endpoint{ID: string(side) + n, Addr: "a" + n})
		}
	}
	w.Traffic.Sides.Green.Weight = p.weightAt(0)
	w.Traffic.Sides.Blue.Weight = All - p.weightAt(0)
	w.Traffic.Sides.Green.Counters = Counters{Accepted: 1000, Answered: 1000}
	return s, w
}

// onlyEvent is the one event that follows.
func onlyEvent(t *testing.T, s State, w World) Event {
	t.Helper()
	d := Decide(s, w)
	if len(d.Events) != 1 {
		t.Fatalf("what follows is %+v", d)
	}
	return d.Events[0]
}

func TestAnOutageOfBothVersionsPausesAndDoesNotTakeBack(t *testing.T) {
	t.Parallel()
	outage := Verdict{Kind: BothFailing, Reason: "both versions have too many errors", Requests: 7}
	for _, p := range []Plan{shopPlan(Canary, 2), shopPlan(BlueGreen, 2)} {
		s, w := held(t, p, time.Hour, outage)
		ev := onlyEvent(t, s, w)
		if j, ok := ev.(Judged); !ok || j.Verdict.Kind != BothFailing {
			t.Fatalf("first comes %+v", ev)
		}
		s, _ = Fold(s, Entry{Seq: 2, At: w.Now, Event: ev})
		halt, ok := onlyEvent(t, s, w).(Halted)
		if !ok || halt.Kind != Paused || halt.Reason != outage.Reason || !strings.Contains(halt.Cure, "`cutover resume`") {
			t.Fatalf("%s: what follows is %+v", p.Strategy, halt)
		}
		s, _ = Fold(s, Entry{Seq: 3, At: w.Now, Event: halt})
		if d := Decide(s, w); len(d.Events)+len(d.Actions) != 0 {
			t.Errorf("%s: while it is paused it does %+v", p.Strategy, d)
		}
		s = s.request(Requested{Verb: VerbNext}, Entry{At: w.Now})
		if en, ok := onlyEvent(t, s, w).(Entered); !ok || en.Phase == Reverting {
			t.Errorf("%s: next does not go on", p.Strategy)
		}
	}
}

func TestAFailingVerdictTakesBackInEveryPhaseThatCanBe(t *testing.T) {
	t.Parallel()
	for _, ph := range []Phase{Shifting, Soaking, Standby} {
		s, w := held(t, shopPlan(Canary, 2), time.Minute, Verdict{Kind: Failing, Reason: "worse"})
		s.Phase, s.Verdict.Kind, s.Held = ph, Failing, ph != Shifting
		if en, ok := onlyEvent(t, s, w).(Entered); !ok || en.Phase != Reverting || en.Reason != "verdict failing: worse" {
			t.Errorf("%s: what follows is %+v", ph, en)
		}
	}
}

func TestAnAdaptiveHoldEndsByEvidenceAndNotByTime(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	p.Pace = Adaptive
	for i := range p.Steps {
		p.Steps[i].Hold = Hold{AtLeast: 10 * time.Second, AtMost: time.Hour}
	}
	for _, c := range []struct {
		after time.Duration
		kind  VerdictKind
		goes  bool
	}{
		{5 * time.Second, Healthy, false}, {10 * time.Second, Healthy, true}, {30 * time.Minute, NotEnough, false}, {30 * time.Minute, Unknown, false},
	} {
		s, w := held(t, p, c.after, Verdict{Kind: c.kind, Reason: "words"})
		s.Verdict.Kind = c.kind
		if goes := len(Decide(s, w).Events) > 0; goes != c.goes {
			t.Errorf("after %s with %q: goes on %t", c.after, c.kind, goes)
		}
	}
	s, w := held(t, p, time.Hour, Verdict{Kind: NotEnough, Reason: "green has had no requests"})
	s.Verdict.Kind = NotEnough
	if h, ok := onlyEvent(t, s, w).(Halted); !ok || !strings.Contains(h.Reason, "green has had no requests") {
		t.Errorf("after the longest time: %+v", h)
	}
}

func TestTheHoldbackStaysWithTheOldSideUntilStandby(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	p.Holdback = Percent(5)
	for _, c := range []struct {
		phase Phase
		step  int
		want  Weight
	}{{Shifting, 0, 500}, {Shifting, 2, 9500}, {Soaking, 0, 9500}, {Standby, 0, All}, {Done, 0, All}} {
		s, w := held(t, p, time.Minute, Verdict{})
		s.Phase, s.Step = c.phase, c.step
		d := decider{p: &s.Plan, s: &s, w: &w}
		r, ok := d.route()
		if !ok || r.Sides.Green.Weight != c.want {
			t.Errorf("%s, step %d: %s on green, want %s", c.phase, c.step, r.Sides.Green.Weight, c.want)
		}
		if c.phase.carries() && d.goal() != c.want {
			t.Errorf("%s, step %d: it waits for %s", c.phase, c.step, d.goal())
		}
	}
	for _, p := range []Plan{firstOf(p), shopPlan(BlueGreen, 2)} {
		p.Holdback = Percent(5)
		if got := p.weightAt(p.stepCount() - 1); got != All {
			t.Errorf("%s, first %t: the last step is %s", p.Strategy, p.First(), got)
		}
	}
}

func TestADayOfStandbyTakesFewRecordsOfTheVerdict(t *testing.T) {
	t.Parallel()
	s, w := held(t, shopPlan(Canary, 2), 0, Verdict{})
	s.Phase = Standby
	w.Traffic.Sides.Green.Weight, w.Traffic.Sides.Blue.Weight = All, None
	records, longest, last := 0, time.Duration(0), noon
	for k := range 24 * 3600 {
		w.Now = noon.Add(time.Duration(k) * time.Second)
		// It wavers all the time, and its numbers grow.
		w.Verdict = Verdict{Kind: []VerdictKind{Healthy, NotEnough}[k/3%2], Requests: k}
		for _, ev := range Decide(s, w).Events {
			if VerdictOf(ev) == nil {
				t.Fatalf("after %d s: %+v", k, ev)
			}
			records++
			longest, last = max(longest, w.Now.Sub(last)), w.Now
			s, _ = Fold(s, Entry{Seq: s.Seq + 1, At: w.Now, Event: ev})
		}
	}
	t.Logf("%d records, at most %s apart", records, longest)
	if records > 200 || longest > 16*time.Minute {
		t.Errorf("%d records, at most %s apart", records, longest)
	}
}

func TestWhoeverGoesOnInSpiteOfAFailingVerdictBeginsAnotherComparison(t *testing.T) {
	t.Parallel()
	for _, verb := range []Verb{VerbNext, VerbResume, VerbPromote} {
		s := stateIn(shopPlan(Canary, 2), Shifting)
		s.Verdict, s.Test, s.Halt = Verdict{Kind: Failing}, Sealed(`{}`), &Halt{Kind: Paused}
		if s = s.request(Requested{Verb: verb}, Entry{At: noon}); s.Trial != 1 || s.Test != nil {
			t.Errorf("%s: trial %d with %s", verb, s.Trial, s.Test)
		}
		s.Verdict, s.Test = Verdict{Kind: BothFailing}, Sealed(`{}`)
		if s = s.request(Requested{Verb: verb}, Entry{At: noon}); s.Trial != 1 || s.Test == nil {
			t.Errorf("%s in an outage begins another comparison", verb)
		}
	}
}

func TestTheComparisonGoesWithTheVerdictAndEndsWithTheWayBack(t *testing.T) {
	t.Parallel()
	s, err := folded(shopPlan(Canary, 2), Entered{Phase: Shifting, Test: Sealed(`{"a":1}`)}, Judged{Verdict: Verdict{Kind: Healthy}},
		Weighed{Verdict: Verdict{Kind: Healthy, Requests: 5}, Test: Sealed(`{"a":2}`)})
	if err != nil || string(s.Test) != `{"a":2}` || s.Verdict.Requests != 5 || s.JudgedAt.IsZero() {
		t.Fatalf("%+v, %v", s, err)
	}
	for _, ev := range []Event{Entered{Phase: Reverting}, Entered{Phase: Retiring}, Ended{Outcome: Done}} {
		if after, _ := Fold(s, Entry{Seq: 9, At: noon, Event: ev}); after.Test != nil {
			t.Errorf("after %+v it still has %s", ev, after.Test)
		}
	}
}

func TestTheComparisonIsWrittenAsTheJSONItIs(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`{"a":[1,2]}`: `{"test":{"a":[1,2]}}`, "": `{}`} {
		var back, from struct {
			Test Sealed `json:"test,omitempty"`
		}
		from.Test = Sealed(in)
		text, err := json.Marshal(from)
		if err != nil || string(text) != want {
			t.Errorf("%s is written as %s, %v", in, text, err)
		}
		if err := json.Unmarshal(text, &back); err != nil || string(back.Test) != in {
			t.Errorf("%s is read as %s, %v", text, back.Test, err)
		}
	}
	var null struct{ Test Sealed }
	if err := json.Unmarshal([]byte(`{"Test":null}`), &null); err != nil || null.Test != nil {
		t.Errorf("null is read as %q, %v", null.Test, err)
	}
	if text, err := json.Marshal(null); err != nil || string(text) != `{"Test":null}` {
		t.Errorf("nothing is written as %s, %v", text, err)
	}
}
