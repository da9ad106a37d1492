package analysis

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestNumbersAreWrittenAsPeopleDo(t *testing.T) {
	for want, x := range map[string]float64{"0": 0, "less than 1": 0.2, "12": 12, "999": 999, "1,840": 1840, "1,234,567": 1234567.4, "over 100,000,000,000": 1e15} {
		if got := number(x); got != want {
			t.Errorf("%v is written %q, want %q", x, got, want)
		}
	}
	for want, d := range map[string]time.Duration{"0s": 0, "82.3ms": 82345678, "1.23s": 1234567890} {
		if got := brief(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}

func TestAnAssessmentReadBackStillHasItsFinding(t *testing.T) {
	st := newStand(t, errorSettings())
	text, err := json.Marshal(st.seconds(2, 95, 0, 5, 2))
	if err != nil {
		t.Fatal(err)
	}
	var back Assessment
	if err := json.Unmarshal(text, &back); err != nil || back.Reason() != "failing" || back.Against < back.AgainstNeeded {
		t.Errorf("%s became %+v: %v", text, back, err)
	}
}

func TestWhatAnAnswerLacksIsSaid(t *testing.T) {
	st := newStand(t, errorSettings())
	for _, c := range []struct {
		seconds                  int
		old, oldBad, new, newBad float64
		want                     string
	}{
		{0, 0, 0, 0, 0, ""},
		{2, 95, 0, 0, 0, "green has had no requests"},
		{2, 95, 0, 5, 0, "more good requests of green"},
		{1, 95, 0, 5, 2, "of 1,000 needed that green is worse"},
	} {
		var a Assessment
		if a = st.judge(); c.seconds > 0 {
			a = st.seconds(c.seconds, c.old, c.oldBad, c.new, c.newBad)
		}
		if got := a.Lacks(); !strings.Contains(got, c.want) {
			t.Errorf("%s lacks %q, want %q in it", a.Reason(), got, c.want)
		}
	}
	for range 10 {
		st.second(95, 0, 5, 5)
	}
	if a := st.judge(); a.Finding != Failing || a.Lacks() != "" {
		t.Errorf("%v lacks %q", a.Finding, a.Lacks())
	}
}
