package analysis

import (
	"encoding/json"
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
