package signal

import (
	"strings"
	"testing"
	"time"
)

func TestASetNamesTheBaselineThatItNeedsAndDoesNotHaveYet(t *testing.T) {
	t.Parallel()
	level := func(name string, c Compare) Signal { return Signal{Name: name, Shape: Level, Compare: c} }
	limit, before := level("queue", WithLimit), level("growth", WithBaseline)
	known := Baseline{Levels: []float64{1, 2, 3, 4, 5}, Readings: 5, Last: time.Unix(1, 0)}
	short := Baseline{Levels: []float64{1, 2}, Readings: 2}
	named := []Condition{{Expression: "shared.queue < baseline.queue"}}
	for what, c := range map[string]struct {
		set  Set
		have map[string]Baseline
		want string
	}{
		"a limit needs none":            {Set{Signals: []Signal{limit}}, nil, ""},
		"a condition may name one":      {Set{Signals: []Signal{limit}, Conditions: named}, nil, "queue"},
		"a comparison needs one":        {Set{Signals: []Signal{limit, before}}, nil, "growth"},
		"too few readings are not one":  {Set{Signals: []Signal{before}}, map[string]Baseline{"growth": short}, "growth"},
		"with enough there is no wait":  {Set{Signals: []Signal{before}}, map[string]Baseline{"growth": known}, ""},
		"that of another one is no use": {Set{Signals: []Signal{before}}, map[string]Baseline{"queue": known}, "growth"},
	} {
		name, why := c.set.Unread(c.have)
		if name != c.want || (why != "") != (c.want != "") || why != "" && !strings.Contains(why, "of the 5 readings") {
			t.Errorf("%s: %q because %q", what, name, why)
		}
	}
}
