package simulation

import (
	"time"

	"cutover/internal/analysis"
)

// Test is the rule of package analysis: it keeps counters as a data plane does
// and looks at the end of each span.
type Test struct {
	Settings analysis.Settings
	State    analysis.State
	// Step, Next and Random go with every look.
	Step   int
	Next   float64
	Random bool

	counters analysis.Reading
	begun    bool
	readings [1]analysis.Reading
}

// NewTest returns a rule with the settings, for their first signal.
func NewTest(c analysis.Settings) *Test {
	return &Test{Settings: c, counters: analysis.Reading{Signal: c.Signals[0].Name}}
}

// Add looks at the end of the span.
func (t *Test) Add(s Span) bool { return t.Look(s).Finding == analysis.Failing }

// Look looks at the end of the span and returns the whole assessment.
func (t *Test) Look(s Span) analysis.Assessment {
	if !t.begun {
		t.begun = true
		t.look(s.From, s.Weight)
	}
	add(&t.counters.Old, s.Old)
	add(&t.counters.New, s.New)
	return t.look(s.To, s.Weight)
}

func (t *Test) look(at, weight float64) analysis.Assessment {
	t.readings[0] = t.counters
	return t.Settings.Judge(&t.State, analysis.Look{
		At: epoch.Add(time.Duration(at * float64(time.Second))), Weight: weight, Step: t.Step, Next: t.Next, Random: t.Random, Readings: t.readings[:],
	})
}

func add(to *analysis.Count, c analysis.Count) {
	to.Requests += c.Requests
	to.Bad += c.Bad
	to.BadClients += c.BadClients
}
