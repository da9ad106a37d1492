package analysis

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var pairDay = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

// pairSettings are those of a release that says nothing else: a quarter of one
// false alarm in a thousand.
func pairSettings() Pairs {
	return Pairs{Old: "blue", New: "green", All: "requests", Rollback: 0.00025, Hold: 0.05, Pause: 0.001, Promote: 0.05, Block: 5 * time.Second,
		Ratio: 1.05, Least: 10 * time.Millisecond, Skip: 5 * time.Second, Limit: 0.02, Margin: 0.05}
}

// play sends two pairs a second until the test has an answer that ends it, and
// returns how many it took, 0 if it took more than most.
func play(c Pairs, s *PairState, most int, next func(n int) Pair, ends func(Assessment) bool) int {
	return playBy(1, c, s, most, next, ends)
}

// playBy looks only at every so many pairs, which saves time.
func playBy(each int, c Pairs, s *PairState, most int, next func(n int) Pair, ends func(Assessment) bool) int {
	var pairs []Pair
	for n := range most {
		p := next(n)
		p.At, p.Of = pairDay.Add(time.Duration(n)*500*time.Millisecond), "GET /"
		if pairs = append(pairs, p); len(pairs) < each {
			continue
		}
		if a := c.Judge(s, 0, pairs); ends(a) {
			return n + 1
		}
		pairs = pairs[:0]
	}
	return 0
}

func fails(a Assessment) bool   { return a.Finding == Failing }
func goesOn(a Assessment) bool  { return a.Finding == Healthy }
func isPause(a Assessment) bool { return a.Finding == BothFailing }

// like draws pairs of two versions that are the same.
func like(chance *rand.Rand, rate float64) Pair {
	try := func() Try {
		return Try{Bad: chance.Float64() < rate, Took: time.Duration(80e6 * math.Exp(0.6*chance.NormFloat64()))}
	}
	return Pair{Old: try(), New: try()}
}

func TestLikeVersionsAreSeldomTakenBackByPairs(t *testing.T) {
	t.Parallel()
	c := pairSettings()
	c.Rollback = 0.02
	const runs, pairs = 600, 900
	permitted := int(c.Rollback*runs + 3*math.Sqrt(c.Rollback*runs))
	for name, world := range map[string]func(*rand.Rand) func(int) Pair{
		"steady": func(r *rand.Rand) func(int) Pair { return func(int) Pair { return like(r, 0.02) } },
		"an outage of both": func(r *rand.Rand) func(int) Pair {
			return func(n int) Pair {
				if n > 300 && n < 500 {
					return like(r, 0.5)
				}
				return like(r, 0.001)
			}
		},
		// About once in a minute one side, whichever, answers nothing for two
		// seconds and slowly for two more.
		"hiccups of one side": func(r *rand.Rand) func(int) Pair {
			left, isNew := 0, false
			return func(int) Pair {
				p := like(r, 0.001)
				if left--; left < -8 && r.Float64() < 1./120 {
					left, isNew = 8, r.IntN(2) == 0
				}
				side := &p.Old
				if isNew {
					side = &p.New
				}
				if left > 0 {
					side.Bad, side.Took = left > 4, 3*side.Took
				}
				return p
			}
		},
		// Whoever is asked second finds the caches warm, and times drift.
		"warm for the second": func(r *rand.Rand) func(int) Pair {
			return func(n int) Pair {
				p := like(r, 0.001)
				second := &p.Old
				if r.IntN(2) == 0 {
					second = &p.New
				}
				second.Took /= 3
				p.Old.Took, p.New.Took = p.Old.Took*time.Duration(1+n/100), p.New.Took*time.Duration(1+n/100)
				return p
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alarms := 0
			for run := range runs {
				if playBy(100, c, &PairState{}, pairs, world(rand.New(rand.NewPCG(uint64(run), 7))), fails) > 0 {
					alarms++
				}
			}
			t.Logf("%d alarms in %d, %.0f permitted", alarms, runs, c.Rollback*runs)
			if alarms > permitted {
				t.Errorf("%d false alarms in %d, at most %d are within chance", alarms, runs, permitted)
			}
		})
	}
}

func TestAWorseVersionIsFoundByPairsWithinMinutes(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		worse func(*rand.Rand, *Try)
		most  int // pairs, two a second
	}{
		"fails always":           {func(_ *rand.Rand, t *Try) { t.Bad = true }, 2 * 90},
		"fails a fifth":          {func(r *rand.Rand, t *Try) { t.Bad = t.Bad || r.Float64() < 0.2 }, 2 * 120},
		"fails a twentieth":      {func(r *rand.Rand, t *Try) { t.Bad = t.Bad || r.Float64() < 0.05 }, 2 * 300},
		"takes twice as long":    {func(_ *rand.Rand, t *Try) { t.Took *= 2 }, 2 * 240},
		"is half as slow again":  {func(_ *rand.Rand, t *Try) { t.Took += t.Took / 2 }, 2 * 500},
		"begins to fail late on": {nil, 2 * 140},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var took []int
			for run := range 31 {
				r := rand.New(rand.NewPCG(uint64(run), 11))
				s, late := &PairState{}, 0
				if one.worse == nil {
					late = 2 * 1200
				}
				n := playBy(10, pairSettings(), s, 2*3600, func(n int) Pair {
					p := like(r, 0.001)
					if one.worse != nil {
						one.worse(r, &p.New)
					} else {
						p.New.Bad = n >= late
					}
					return p
				}, fails)
				if n == 0 {
					n = 2 * 3600
				}
				took = append(took, n-late)
			}
			slices.Sort(took)
			t.Logf("found after %ds (median), %ds (longest of 31)", took[15]/2, took[30]/2)
			if took[15] > one.most {
				t.Errorf("it takes %d pairs, more than %d", took[15], one.most)
			}
		})
	}
}

func TestAVersionWorseByTheMarginSeldomGoesOnByPairs(t *testing.T) {
	t.Parallel()
	c := pairSettings()
	c.Limit = 0
	const runs = 300
	good, bad, pairs := 0, 0, []int{}
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 13))
		if play(c, &PairState{}, 600, func(int) Pair {
			p := like(r, 0.01)
			p.New.Bad = r.Float64() < 0.06
			return p
		}, goesOn) > 0 {
			bad++
		}
		if n := play(c, &PairState{}, 600, func(int) Pair { return like(r, 0.001) }, goesOn); n > 0 {
			good++
			pairs = append(pairs, n)
		}
	}
	slices.Sort(pairs)
	t.Logf("%d of %d went on at the margin; %d good ones, after %d pairs", bad, runs, good, pairs[len(pairs)/2])
	if most := c.Promote*runs + 3*math.Sqrt(c.Promote*runs); float64(bad) > most {
		t.Errorf("%d of %d went on at the margin, %.0f are permitted", bad, runs, c.Promote*runs)
	}
	if good < runs*95/100 || pairs[len(pairs)/2] > 120 {
		t.Errorf("%d of %d good ones went on, half of them after %d pairs", good, runs, pairs[len(pairs)/2])
	}
}

func TestTheReasonOfPairsHasTheirNumbers(t *testing.T) {
	c, s := pairSettings(), &PairState{}
	c.Block = time.Second
	n := play(c, s, 400, func(n int) Pair { return Pair{Old: Try{Took: 20e6}, New: Try{Bad: n%3 > 0, Took: 20e6}} }, fails)
	if n == 0 {
		t.Fatal("it was not found")
	}
	a := c.Judge(s, 0, nil)
	for _, want := range []string{"green ", " errors in ", "blue 0 in ", "of 4,000 needed"} {
		if !strings.Contains(a.Reason(), want) {
			t.Errorf("%q does not say %q", a.Reason(), want)
		}
	}
	if play(c, s, 2000, func(int) Pair { return Pair{Old: Try{Took: 20e6}, New: Try{Took: 20e6}} }, goesOn) > 0 {
		t.Error("a failing verdict did not stand")
	}
}

func TestWhatFailsOnBothSidesIsAnOutageOnlyIfItEverWorked(t *testing.T) {
	c := pairSettings()
	broken := func(int) Pair { return Pair{Old: Try{Bad: true}, New: Try{Bad: true}} }
	s := &PairState{}
	if n := play(c, s, 2000, broken, func(a Assessment) bool { return a.Finding != NotEnough && a.Finding != Waiting }); n > 0 {
		t.Errorf("what never worked gave the finding %v", c.Judge(s, 0, nil).Finding)
	}
	if a := c.Judge(s, 0, nil); a.Finding != Waiting || !strings.Contains(a.Reason(), "neither version has ever answered GET / well") {
		t.Errorf("it is %v: %s", a.Finding, a.Reason())
	}
	s = &PairState{}
	good := func(int) Pair { return Pair{Old: Try{Took: 20e6}, New: Try{Took: 20e6}} }
	play(c, s, 20, good, isPause)
	if n := play(c, s, 100, broken, isPause); n == 0 {
		t.Fatal("an outage of both was not seen")
	}
	a := c.Judge(s, 0, nil)
	if !strings.Contains(a.Reason(), "both versions have too many errors") || a.Against > 1 {
		t.Errorf("it is %v, against %v: %s", a.Finding, a.Against, a.Reason())
	}
	if play(c, s, 3000, good, goesOn) == 0 {
		t.Error("the end of the outage was not seen")
	}
}

func TestPairsThatTellNothingAreNoEvidence(t *testing.T) {
	c, s := pairSettings(), &PairState{}
	n := play(c, s, 50, func(int) Pair { return Pair{New: Try{Bad: true}, Void: "green cannot be reached from here"} },
		func(a Assessment) bool { return a.Finding == Waiting })
	a := c.Judge(s, 0, nil)
	if n != leastVoid || a.Against != 1 || a.For != 1 || s.Pairs != 0 || s.Void != leastVoid || !strings.Contains(a.Reason(), "green cannot be reached from here") {
		t.Errorf("after %d pairs it is %v: %s", n, a.Finding, a.Reason())
	}
}

func TestFaultsOfOneBlockCountOnce(t *testing.T) {
	c := pairSettings()
	short, long := &PairState{}, &PairState{}
	burst := func(s *PairState, fails int) {
		play(c, s, 30, func(n int) Pair { return Pair{Old: Try{Took: 20e6}, New: Try{Bad: n < fails, Took: 20e6}} }, fails2never)
	}
	burst(short, 1)
	burst(long, 9)
	if short.Errors.Log != long.Errors.Log || short.Errors.Log <= 0 {
		t.Errorf("one failure counts %v, nine at once %v", short.Errors.Log, long.Errors.Log)
	}
}

func fails2never(Assessment) bool { return false }

func TestEvidenceForGoingOnBeginsAnewWithEachStepAndThatAgainstDoesNot(t *testing.T) {
	c, s := pairSettings(), &PairState{}
	play(c, s, 40, func(n int) Pair { return Pair{Old: Try{Took: 20e6}, New: Try{Bad: n == 3, Took: 20e6}} }, fails)
	against := s.Errors.Log
	a := c.Judge(s, 1, nil)
	if s.InStep != 0 || a.For != 1 || a.MoreRequests < 20 || s.Errors.Log != against || against == 0 {
		t.Errorf("in step %d, for %v, %v more, against %v before and %v now", s.InStep, a.For, a.MoreRequests, against, s.Errors.Log)
	}
}

func TestPairsResumedAtAnyStepAreTheSame(t *testing.T) {
	c := pairSettings()
	whole, resumed := &PairState{}, &PairState{}
	one, two := rand.New(rand.NewPCG(3, 3)), rand.New(rand.NewPCG(3, 3))
	for n := range 400 {
		next := func(r *rand.Rand) []Pair {
			p := like(r, 0.1)
			p.At, p.Of = pairDay.Add(time.Duration(n)*500*time.Millisecond), "GET /"
			return []Pair{p}
		}
		a := c.Judge(whole, n/150, next(one))
		text, err := json.Marshal(resumed)
		if err != nil {
			t.Fatal(err)
		}
		resumed = &PairState{}
		if err := json.Unmarshal(text, resumed); err != nil {
			t.Fatal(err)
		}
		if b := c.Judge(resumed, n/150, next(two)); a.Reason() != b.Reason() || !reflect.DeepEqual(whole.Errors, resumed.Errors) {
			t.Fatalf("after %d pairs they differ: %s; %s", n, a.Reason(), b.Reason())
		}
	}
}

func TestSettingsOfPairsThatMakeNoSenseAreRefused(t *testing.T) {
	if err := pairSettings().Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Pairs){
		"no chance":         func(c *Pairs) { c.Rollback = 0 },
		"hold below":        func(c *Pairs) { c.Hold = c.Rollback / 2 },
		"no block":          func(c *Pairs) { c.Block = 0 },
		"a ratio below one": func(c *Pairs) { c.Ratio = 0.5 },
		"a limit of all":    func(c *Pairs) { c.Limit = 1 },
		"no margin":         func(c *Pairs) { c.Margin = math.NaN() },
		"a time below 0":    func(c *Pairs) { c.Skip = -1 },
	} {
		c := pairSettings()
		if change(&c); c.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
