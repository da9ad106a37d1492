package condition_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cutover/internal/signal"
	"cutover/internal/signal/condition"

	"pgregory.net/rapid"
)

var signals = []signal.Signal{{Name: "queue"}, {Name: "memory"}, {Name: "pool", Shared: true}}

func known(v float64) signal.Measured { return signal.Measured{Known: true, Value: v} }

func missing(why string) signal.Measured { return signal.Measured{Why: why} }

// values are good numbers; a test changes what it is about.
func values() map[string]signal.Values {
	return map[string]signal.Values{
		"queue":  {New: known(30), Old: known(20), Baseline: known(10)},
		"memory": {New: known(2e9), Old: known(0), Baseline: missing("too few readings")},
		"pool":   {Shared: known(0.5)},
	}
}

func compile(t *testing.T, expression string) *condition.Program {
	t.Helper()
	p, err := condition.Compile(signal.Condition{Name: "c", Expression: expression, Otherwise: signal.TakeBack}, signals)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return p
}

func TestAConditionHoldsOrDoesNot(t *testing.T) {
	t.Parallel()
	at := signal.Moment{Step: 2, Weight: 0.25, Phase: "shifting", InStep: time.Minute}
	for expression, want := range map[string]signal.Verdict{
		"green.queue < 2.0 * blue.queue":                        signal.Fine,
		"green.queue < blue.queue":                              signal.Breached,
		"green.queue < 100 && shared.pool <= 0.5":               signal.Fine,
		"release.weight < 0.5 || green.queue < 10":              signal.Fine,
		"release.step >= 3 ? green.queue < 10 : true":           signal.Fine,
		"release.phase == 'shifting' && green.queue > 29":       signal.Fine,
		"release.seconds < 60.0 || green.queue < 10":            signal.Breached,
		"green.queue / baseline.queue <= 3.0":                   signal.Fine,
		"[10.0, 20.0].all(limit, green.queue > limit)":          signal.Fine,
		"double(release.step) * 10.0 < green.queue":             signal.Fine,
		"green.queue in [30.0]":                                 signal.Fine,
		"!(green.queue > 1000 || (green.memory - 1.0) < 0.0)":   signal.Fine,
		"green.queue >= blue.queue && green.memory > 0.0 * 1e9": signal.Fine,
	} {
		f := compile(t, expression).Evaluate(at, values())
		if f.Verdict != want || !strings.Contains(f.Reason, "green.queue 30") {
			t.Errorf("%s: %v: %s; want %v", expression, f.Verdict, f.Reason, want)
		}
	}
}

func TestAConditionThatOnlyHoldsDoesNotTakeBack(t *testing.T) {
	t.Parallel()
	p, err := condition.Compile(signal.Condition{Name: "c", Expression: "green.queue < 10", Otherwise: signal.Hold}, signals)
	if err != nil {
		t.Fatal(err)
	}
	if f := p.Evaluate(signal.Moment{}, values()); f.Verdict != signal.Worsened {
		t.Errorf("%v: %s", f.Verdict, f.Reason)
	}
}

func TestAMissingNumberWaitsWhateverElseTheSentenceSays(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"green.queue < 10", "green.queue < 10 || true", "true || green.queue < 10", "false && green.queue < 10",
		"release.step == 0 ? true : green.queue < 10", "green.queue < 10 || green.memory > 0", "!(green.queue > 10)",
		"[1.0].exists(x, x > 0.0 || green.queue > x)",
	} {
		v := values()
		q := v["queue"]
		q.New = missing("connection refused")
		v["queue"] = q
		f := compile(t, expression).Evaluate(signal.Moment{}, v)
		if f.Verdict != signal.Waits || f.Reason != "green.queue is missing: connection refused" {
			t.Errorf("%s: %v: %s", expression, f.Verdict, f.Reason)
		}
		delete(v, "queue")
		if f := compile(t, expression).Evaluate(signal.Moment{}, v); f.Verdict != signal.Waits {
			t.Errorf("%s, not watched: %v: %s", expression, f.Verdict, f.Reason)
		}
	}
}

func TestADivisionByNothingWaits(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"green.memory / blue.memory < 2.0", "green.memory / blue.memory > 2.0", "blue.memory / blue.memory == 1.0",
		"!(green.memory / blue.memory > 2.0)", "1 / release.step < 2 && green.queue > 0",
	} {
		f := compile(t, expression).Evaluate(signal.Moment{}, values())
		if f.Verdict != signal.Waits || !strings.Contains(f.Reason, "cannot be told") {
			t.Errorf("%s: %v: %s", expression, f.Verdict, f.Reason)
		}
	}
	f := compile(t, "green.memory * 1e300 * 1e300 > 1.0").Evaluate(signal.Moment{}, values())
	if f.Verdict != signal.Waits || !strings.Contains(f.Reason, "not a number") {
		t.Errorf("beyond all numbers: %v: %s", f.Verdict, f.Reason)
	}
}

func TestWhatIsWrongWithAConditionIsSaidWithItsPlace(t *testing.T) {
	t.Parallel()
	nested := "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, a+b+c > 0))) && green.queue > 0"
	for expression, want := range map[string]struct {
		line, column int
		says         string
	}{
		"":                                  {1, 1, "mismatched input"},
		"green.queue <":                     {1, 14, "mismatched input"},
		"green.queue < 10 &&\n  green.":     {2, 9, "no viable alternative"},
		"green.queu < 10":                   {1, 1, "there is no signal queu in green; there is memory, queue"},
		"green.queue < 10 && blue.pool > 0": {1, 21, "both sides share the signal pool; write shared.pool"},
		"shared.queue < 10":                 {1, 1, "is read by side; write green.queue or blue.queue"},
		"release.colour == 1":               {1, 1, "the release has no colour; it has phase, seconds, step, weight"},
		"has(green.queue)":                  {1, 5, "green by itself is no number"},
		"green['queue'] < 10":               {1, 1, "green by itself is no number"},
		"'queue' in green":                  {1, 12, "green by itself is no number"},
		"red.queue < 10":                    {1, 4, "undeclared reference to 'red.queue'"},
		"green.queue * 2 < 10":              {1, 13, "write 2.0 in place of 2"},
		"green.queue":                       {1, 1, "it is a double, neither true nor false"},
		"green.queue < 10 ? 1 : 2":          {1, 1, "it is a int, neither true nor false"},
		"true":                              {1, 1, "it names no signal"},
		"release.step > 3":                  {1, 1, "it names no signal"},
		nested:                              {1, 1, "it may cost"},
		"green.queue < 'ten'":               {1, 13, "found no matching overload"},
		strings.Repeat("(", 200) + "1":      {1, 1, "limit"},
		"green.queue > 0" + strings.Repeat(" && green.queue > 0", 200): {1, 1, "more than 2000 characters"},
	} {
		_, err := condition.Compile(signal.Condition{Expression: expression}, signals)
		m, ok := errors.AsType[*condition.Mistake](err)
		if !ok || !strings.Contains(m.Error(), want.says) || m.Line != want.line || m.Cure == "" {
			t.Errorf("%.60q: %v; want line %d: %q", expression, err, want.line, want.says)
		} else if m.Column != want.column {
			t.Errorf("%.60q: column %d; want %d (%v)", expression, m.Column, want.column, err)
		}
	}
}

func TestNoExpressionBreaksTheCompiler(t *testing.T) {
	t.Parallel()
	words := rapid.SampledFrom([]string{"green.queue", "blue.memory", "green", "release.step", "(", ")", "<", "&&", "||", "1.0", "2", "/", "'a'", "[", "]", ",", ".all(x, ", "?", ":", "!", "has(", "x", "in", "-", "\n"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(words, 0, 12).Draw(t, "words"), " ")
		p, err := condition.Compile(signal.Condition{Name: "c", Expression: text}, signals)
		if err != nil {
			if _, ok := errors.AsType[*condition.Mistake](err); !ok {
				t.Fatalf("%q: %v has no place", text, err)
			}
			return
		}
		p.Evaluate(signal.Moment{}, values())
	})
}
