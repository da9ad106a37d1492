package simulation

import (
	"math"
	"math/rand/v2"

	"cutover/internal/analysis"
)

// Ramp is a release that goes from step to step as soon as the verdict is
// Healthy and the step has lasted Least seconds.
type Ramp struct {
	Settings  analysis.Settings
	Weights   []float64
	Least     float64
	PerSecond float64
	Old, New  float64
	Grid, End float64 // seconds
}

// Journey is how a ramp went: the seconds until the last step was reached, and
// until it was taken back; infinite for never.
type Journey struct{ Arrived, TakenBack, Bad float64 }

// Run goes through one release.
func (r Ramp) Run(seed, run uint64) Journey {
	rng := rand.New(rand.NewPCG(seed, run))
	j := Journey{Arrived: math.Inf(1), TakenBack: math.Inf(1)}
	test := NewTest(r.Settings)
	test.Random = true
	began := 0.0
	for t := 0.0; t < r.End; t += r.Grid {
		w := r.Weights[test.Step]
		test.Next = r.Weights[min(test.Step+1, len(r.Weights)-1)]
		s := Span{From: t, To: t + r.Grid, Weight: w}
		s.Old, s.New = side(rng, r.PerSecond*r.Grid*(1-w), r.Old), side(rng, r.PerSecond*r.Grid*w, r.New)
		j.Bad += s.New.Bad
		switch found := test.Look(s).Finding; {
		case found == analysis.Failing:
			j.TakenBack = s.To
			return j
		case found == analysis.Healthy && s.To-began >= r.Least && test.Step < len(r.Weights)-1:
			test.Step++
			began = s.To
			if test.Step == len(r.Weights)-1 {
				j.Arrived = s.To
			}
		}
	}
	return j
}

func side(rng *rand.Rand, requests, rate float64) analysis.Count {
	bad := poisson(rng, requests*rate)
	return analysis.Count{Requests: bad + poisson(rng, requests*(1-rate)), Bad: bad, BadClients: bad}
}
