package signal_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"cutover/internal/signal"

	"pgregory.net/rapid"
)

func TestWhatIsWrongWithASignalIsSaidBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	type change func(*signal.Signal)
	for says, c := range map[string]struct {
		of   func() signal.Signal
		make change
	}{
		"cannot name a signal: use letters":        {memory, func(s *signal.Signal) { s.Name = "a-b" }},
		"conditions have another use":              {memory, func(s *signal.Signal) { s.Name = "in" }},
		`there is no source "graphite"`:            {memory, func(s *signal.Signal) { s.Source.Kind = "graphite" }},
		"prometheus needs the address":             {misses, func(s *signal.Signal) { s.Source.At = "" }},
		"asked for nothing":                        {misses, func(s *signal.Signal) { s.Source.Query = "" }},
		"{{colour}} is not a placeholder":          {misses, func(s *signal.Signal) { s.Source.Query = `m{c="{{colour}}"}` }},
		"a ( that is not closed":                   {misses, func(s *signal.Signal) { s.Source.Query = `sum(rate(m{a=")"}[1m])` }},
		"a } that closes nothing":                  {misses, func(s *signal.Signal) { s.Source.Of = `l}` }},
		"a \" that is not closed":                  {misses, func(s *signal.Signal) { s.Source.Of = `l{a="\"}` }},
		"process has no measure \"heap\"":          {memory, func(s *signal.Signal) { s.Source.Query = "heap" }},
		"memory of process is a level in bytes":    {memory, func(s *signal.Signal) { s.Unit = signal.Seconds }},
		"the pattern cannot be read":               {exceptions, func(s *signal.Signal) { s.Source.Query = "a(" }},
		`the unit "furlongs" is not known`:         {exceptions, func(s *signal.Signal) { s.Unit = "furlongs" }},
		"a part of a whole is a ratio":             {misses, func(s *signal.Signal) { s.Unit = signal.Bytes }},
		"needs the whole":                          {misses, func(s *signal.Signal) { s.Source.Of = "" }},
		"always read by side":                      {memory, func(s *signal.Signal) { s.Shared = true }},
		"cannot be compared with blue":             {pool, func(s *signal.Signal) { s.Compare, s.Factor = signal.WithBlue, 1 }},
		"the tolerance must not be below 0%":       {memory, func(s *signal.Signal) { s.Factor = 0.9 }},
		"must be numbers":                          {memory, func(s *signal.Signal) { s.Limit = math.NaN() }},
		"write higher or lower":                    {memory, func(s *signal.Signal) { s.Worse = "" }},
		"write blue, baseline or limit":            {memory, func(s *signal.Signal) { s.Compare = "yesterday" }},
		"write guard or evidence":                  {memory, func(s *signal.Signal) { s.Role = "judge" }},
		"no evidence for either":                   {pool, func(s *signal.Signal) { s.Role, s.Weight = signal.Evidence, 1 }},
		"evidence needs a weight above 0":          {misses, func(s *signal.Signal) { s.Weight = 0 }},
		"count misses, not hits":                   {misses, func(s *signal.Signal) { s.Worse = signal.Lower }},
		"make it a guard":                          {misses, func(s *signal.Signal) { s.Compare = signal.WithLimit }},
		"for is only for guards":                   {misses, func(s *signal.Signal) { s.For = time.Second }},
		"stale must be above 0":                    {memory, func(s *signal.Signal) { s.Stale = 0 }},
		"needs a window above 0":                   {exceptions, func(s *signal.Signal) { s.Window = 0 }},
		"must not be below 0":                      {exceptions, func(s *signal.Signal) { s.For = -1 }},
		"per request needs a counter of each side": {memory, func(s *signal.Signal) { s.ByRequest = true }},
		"write worst, sum or mean":                 {memory, func(s *signal.Signal) { s.Merge = "median" }},
	} {
		s := c.of()
		if err := s.Check(); err != nil {
			t.Fatalf("the good signal: %v", err)
		}
		c.make(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; want %q", err, says)
		}
	}
}

func TestTheTimesOfASignalSuitThePaceOfItsSet(t *testing.T) {
	t.Parallel()
	good := signal.Set{Every: 5 * time.Second, Signals: []signal.Signal{memory(), exceptions(), misses(), pool()}, Conditions: []signal.Condition{{Name: "c", Expression: "true", Otherwise: signal.Hold}}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*signal.Set){
		"every is 0s":                 func(s *signal.Set) { s.Every = 0 },
		"give stale at least 40s":     func(s *signal.Set) { s.Every = 20 * time.Second },
		"may be at most 16m40s":       func(s *signal.Set) { s.Signals[0].For = time.Hour },
		"the window of 3s is shorter": func(s *signal.Set) { s.Signals[1].Window = 3 * time.Second },
		"two signals are called pool": func(s *signal.Set) { s.Signals = append(s.Signals, pool()) },
		"write hold or rollback":      func(s *signal.Set) { s.Conditions[0].Otherwise = "panic" },
	} {
		s := signal.Set{Every: good.Every, Signals: append([]signal.Signal(nil), good.Signals...), Conditions: append([]signal.Condition(nil), good.Conditions...)}
		change(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; want %q", err, says)
		}
	}
}

func TestAQuantityIsReadAndWrittenWithItsUnit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]signal.Quantity{
		"80%": {0.8, signal.Ratio}, "0.5%": {0.005, signal.Ratio}, "512MiB": {512 << 20, signal.Bytes}, "1GB": {1e9, signal.Bytes},
		"500ms": {0.5, signal.Seconds}, "2s": {2, signal.Seconds}, "5/s": {5, signal.PerSecond}, "1.5 cores": {1.5, signal.Cores},
		"100": {100, signal.Count}, "2m": {120, signal.Seconds},
	} {
		got, err := signal.ParseQuantity(text)
		if err != nil || got.Unit != want.Unit || math.Abs(got.Value-want.Value) > 1e-12 {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "%", "5 furlongs", "1e999", "NaN", "five", "5 %%", "--1", "1..2"} {
		if q, err := signal.ParseQuantity(text); err == nil {
			t.Errorf("%q is %+v", text, q)
		}
	}
	for want, q := range map[string]signal.Quantity{"80%": {0.8, signal.Ratio}, "1.5GiB": {1.5 * (1 << 30), signal.Bytes}, "2.5s": {2.5, signal.Seconds}, "250ms": {0.25, signal.Seconds}, "0.333/s": {1.0 / 3, signal.PerSecond}} {
		if q.String() != want {
			t.Errorf("%+v is written %s; want %s", q, q, want)
		}
	}
}

func TestNoTextBreaksTheReaderOfQuantities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, err := signal.ParseQuantity(rapid.OneOf(rapid.String(), rapid.StringMatching(`[-0-9.]{0,6} ?[%a-zA-Zµ/]{0,4}`)).Draw(t, "text"))
		if err == nil && (math.IsNaN(q.Value) || math.IsInf(q.Value, 0)) {
			t.Fatalf("%+v", q)
		}
	})
}
