package analysis

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// stand is a data plane whose counters a test turns by hand.
type stand struct {
	t      *testing.T
	c      Settings
	s      State
	look   Look
	counts Reading
}

func newStand(t *testing.T, c Settings) *stand {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	st := &stand{t: t, c: c, counts: Reading{Signal: c.Signals[0].Name}}
	st.look = Look{At: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC), Epoch: "a", Weight: 0.05, Next: 0.25, Random: true}
	st.judge()
	return st
}

func errorSettings() Settings {
	c := Defaults()
	c.Signals = []Signal{Errors()}
	return c
}

func (st *stand) judge() Assessment {
	st.look.Readings = []Reading{st.counts}
	return st.c.Judge(&st.s, st.look)
}

// second lets a second pass in which the versions had so many requests and bad
// ones.
func (st *stand) second(old, oldBad, fresh, newBad float64) Assessment {
	st.look.At = st.look.At.Add(time.Second)
	st.counts.Old = st.counts.Old.plus(Count{Requests: old, Bad: oldBad, BadClients: oldBad})
	st.counts.New = st.counts.New.plus(Count{Requests: fresh, Bad: newBad, BadClients: newBad})
	return st.judge()
}

func (st *stand) seconds(n int, old, oldBad, fresh, newBad float64) (a Assessment) {
	for range n {
		a = st.second(old, oldBad, fresh, newBad)
	}
	return a
}

func (st *stand) want(a Assessment, f Finding, words ...string) {
	st.t.Helper()
	reason := a.Reason()
	if a.Finding != f {
		st.t.Fatalf("the finding is %v, want %v: %s", a.Finding, f, reason)
	}
	for _, w := range words {
		if !strings.Contains(reason, w) {
			st.t.Errorf("%q does not say %q", reason, w)
		}
	}
}

func TestAWorseVersionFailsAndTheReasonHasTheNumbers(t *testing.T) {
	st := newStand(t, errorSettings())
	st.seconds(47, 95, 0, 5, 0)
	st.second(95, 9, 5, 0)
	a := st.second(95, 0, 5, 0)
	if a.Finding == Failing {
		t.Fatalf("errors of the old version: %s", a.Reason())
	}
	a = st.seconds(4, 95, 0, 5, 3)
	st.want(a, Failing, "green 12 errors in 265 requests, blue 9 in 5,035; evidence ", "of 1,000 needed")
}

func TestAFailingVerdictStands(t *testing.T) {
	st := newStand(t, errorSettings())
	st.want(st.seconds(2, 95, 0, 5, 2), Failing)
	st.want(st.seconds(200, 95, 10, 5, 0), Failing, "the evidence was more than 1,000 before, now ")
}

func TestAHealthyVersionMayGoOnAfterEnoughRequests(t *testing.T) {
	st := newStand(t, errorSettings())
	a := st.seconds(5, 95, 0, 5, 0)
	st.want(a, NotEnough, "green 0 errors in 25 requests", "of 1,000 needed that green is worse", "more good requests of green")
	missing := a.MoreRequests
	n := 5
	for ; a.Finding == NotEnough && n < 100; n++ {
		a = st.second(95, 0, 5, 0)
	}
	st.want(a, Healthy, "of 20 needed that green may go on: less than 4.00 percentage points more errors")
	if got := float64(5 * (n - 5)); math.Abs(got-missing) > missing/2 {
		t.Errorf("it took %v more requests, not %v", got, missing)
	}
	st.look.Step, st.look.Weight, st.look.Next = 1, 0.25, 0.95
	st.want(st.second(75, 0, 25, 0), Waiting, "the split changed")
	st.want(st.second(75, 0, 25, 0), NotEnough)
}

func TestSomeEvidenceStopsARelease(t *testing.T) {
	st := newStand(t, errorSettings())
	st.want(st.second(95, 0, 5, 2), Suspicious, "green 2 errors in 5 requests", "of 1,000 needed")
}

func TestAnOutageOfBothIsAPauseAndPasses(t *testing.T) {
	st := newStand(t, errorSettings())
	st.seconds(30, 95, 0, 5, 0)
	a := st.seconds(10, 95, 48, 5, 2)
	st.want(a, BothFailing, "both versions have too many errors: green", "limit 2.00 %", "going back would not help")
	var back int
	for ; a.Finding != Healthy && back < 300; back++ {
		a = st.second(95, 0, 5, 0)
		if a.Finding == Failing {
			t.Fatal(a.Reason())
		}
	}
	if back == 300 || back < 5 {
		t.Errorf("healthy %d s after the outage: %s", back, a.Reason())
	}
}

func TestNoTrafficWaitsAndSaysSo(t *testing.T) {
	st := newStand(t, errorSettings())
	st.want(st.seconds(50, 0, 0, 0, 0), NotEnough, "green has had no requests")
	st.want(st.seconds(50, 100, 50, 0, 0), NotEnough, "green has had no requests")
}

func TestASignalThatVanishesWaitsAndGoesOnWhenItIsBack(t *testing.T) {
	st := newStand(t, errorSettings())
	a := st.seconds(40, 95, 0, 5, 0)
	st.want(a, Healthy)
	readings := st.counts
	st.counts.Signal = "something else"
	st.look.At = st.look.At.Add(time.Second)
	st.want(st.judge(), Waiting, "no evidence from errors: no reading")
	st.counts = readings
	st.want(st.second(95, 0, 5, 0), Healthy)
}

func TestWhatCannotBeRightIsNoEvidence(t *testing.T) {
	for _, c := range []struct {
		name, words string
		spoil       func(st *stand)
	}{
		{"not a number", "a count is not a number of requests", func(st *stand) { st.counts.New.Bad = math.NaN() }},
		{"infinite", "a count is not a number of requests", func(st *stand) { st.counts.Old.Requests = math.Inf(1) }},
		{"negative", "a count is not a number of requests", func(st *stand) { st.counts.Old.Requests = -1 }},
		{"a counter reset", "a counter went back", func(st *stand) { st.counts.Old = Count{Requests: 3} }},
		{"another epoch", "the counters started anew", func(st *stand) { st.look.Epoch, st.counts.New.Bad = "b", 40 }},
		{"the clock set back", "the clock did not go on", func(st *stand) { st.look.At = st.look.At.Add(-time.Hour); st.counts.New.Bad += 5 }},
		{"a long silence", "the reading before was 1h0m", func(st *stand) { st.look.At = st.look.At.Add(time.Hour); st.counts.New.Bad += 5 }},
		{"more bad than all", "more errors than requests", func(st *stand) { st.counts.New.Bad, st.counts.New.BadClients = 50, 50 }},
		{"another split", "the split changed", func(st *stand) { st.look.Weight = 0.25; st.counts.New.Bad += 5 }},
	} {
		st := newStand(t, errorSettings())
		before := st.seconds(20, 95, 0, 5, 0)
		st.look.At = st.look.At.Add(time.Second)
		c.spoil(st)
		a := st.judge()
		st.want(a, Waiting, "no evidence from errors: "+c.words)
		if a.Against != before.Against || a.For != before.For {
			t.Errorf("%s: the evidence moved", c.name)
		}
		if out, err := json.Marshal(st.s); err != nil {
			t.Errorf("%s: the state cannot be kept: %v: %s", c.name, err, out)
		}
	}
}

func TestErrorsWithoutClientKeysAreNotTakenForOneClient(t *testing.T) {
	st := newStand(t, errorSettings())
	var a Assessment
	for range 30 {
		st.look.At = st.look.At.Add(time.Second)
		st.counts.Old, st.counts.New = st.counts.Old.plus(Count{Requests: 95}), st.counts.New.plus(Count{Requests: 5, Bad: 1})
		a = st.judge()
	}
	st.want(a, Waiting, "the errors come without client keys: compare them by block")
}

func TestAnImpatientCallerChangesNothing(t *testing.T) {
	st := newStand(t, errorSettings())
	a := st.seconds(20, 95, 1, 5, 0)
	for range 50 {
		st.look.At = st.look.At.Add(time.Millisecond)
		st.counts.New.Requests, st.counts.New.Bad, st.counts.New.BadClients = st.counts.New.Requests+1, st.counts.New.Bad+1, st.counts.New.BadClients+1
		if b := st.judge(); b.Against != a.Against {
			t.Fatal("a bucket of a millisecond was judged")
		}
	}
	st.want(st.second(95, 0, 5, 0), Failing)
}

func TestBucketsWithoutANewRequestCountWhereTheShareIsKnown(t *testing.T) {
	st := newStand(t, errorSettings())
	before := st.seconds(3, 95, 0, 5, 0)
	if a := st.second(95, 20, 0, 0); a.Against >= before.Against {
		t.Errorf("errors of the old version left the evidence at %v", a.Against)
	}
}

func TestAFrontThatSendsMoreThanItSaysIsMeasured(t *testing.T) {
	st := newStand(t, errorSettings())
	st.seconds(20, 50, 0, 50, 0)
	if a := st.seconds(60, 50, 1, 50, 1); a.Finding == Failing {
		t.Errorf("half of the errors in half of the requests: %s", a.Reason())
	}
}

func TestTheFirstFewRequestsDoNotCastDoubtOnTheSplit(t *testing.T) {
	st := newStand(t, errorSettings())
	st.second(0, 0, 2, 0)
	st.want(st.second(95, 0, 5, 4), Failing)
}

func TestAFewClientsThatAskVeryMuchDoNotMakeTheOthersWorse(t *testing.T) {
	st := newStand(t, errorSettings())
	st.look.Random = false
	st.look.Weight = 0.5
	for range 300 {
		st.look.At = st.look.At.Add(time.Second)
		// A monitor asks the old version 900 times a second and never fails.
		st.counts.Old = st.counts.Old.plus(Count{Requests: 950, Bad: 1, BadClients: 1, Clients: 100})
		st.counts.New = st.counts.New.plus(Count{Requests: 50, Bad: 1, BadClients: 1, Clients: 100})
		if a := st.judge(); a.Finding == Failing {
			t.Fatal(a.Reason())
		}
	}
}

func TestRequestsFromBeforeALoweredWeightAreNotHeldAgainstTheNewVersion(t *testing.T) {
	st := newStand(t, errorSettings())
	st.look.Weight = 0.5
	st.seconds(20, 50, 1, 50, 1)
	st.look.Weight = 0.05
	// Those that hang end 20 s later, as they were dealt then.
	if a := st.seconds(20, 95, 1, 5, 1); a.Finding == Failing {
		t.Errorf("errors of requests from before: %s", a.Reason())
	}
	st.seconds(30, 95, 0, 5, 0)
	st.want(st.seconds(20, 95, 1, 5, 1), Failing)
}

func TestWithoutAnOldVersionBesideItItsRecordCounts(t *testing.T) {
	st := newStand(t, errorSettings())
	st.seconds(30, 95, 0, 5, 0)
	st.look.Weight = 1
	a := st.seconds(30, 0, 0, 100, 0)
	if a.Finding == Failing {
		t.Fatal(a.Reason())
	}
	st.want(st.seconds(5, 0, 0, 100, 10), Failing, "compared with what blue did before: weaker evidence")
}

func TestCountsOfTheLookAloneServeAsWellAsCounters(t *testing.T) {
	grown, fresh := newStand(t, errorSettings()), newStand(t, errorSettings())
	fresh.counts.Fresh = true
	fresh.s = State{}
	fresh.judge()
	for i := range 40 {
		bad := float64(i % 7 / 6)
		a := grown.second(95, 0, 5, bad)
		fresh.counts.Old, fresh.counts.New = Count{}, Count{}
		b := fresh.second(95, 0, 5, bad)
		if a.Against != b.Against || a.For != b.For {
			t.Fatalf("look %d: %v and %v", i, a.Against, b.Against)
		}
	}
}

func TestAJudgementResumedAtAnyStepIsTheSame(t *testing.T) {
	c := Defaults()
	c.Signals = append(c.Signals, Hits("page cache"))
	rng := rand.New(rand.NewPCG(1, 2))
	var one, two State
	look := Look{At: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC), Weight: 0.25, Next: 0.95, Random: true}
	counts := []Reading{{Signal: "errors"}, {Signal: "latency"}, {Signal: "page cache"}}
	for i := range 600 {
		look.At = look.At.Add(time.Duration(100+rng.IntN(900)) * time.Millisecond)
		look.Step = i / 200
		grow(rng, counts)
		look.Readings = append([]Reading(nil), counts...)
		a, b := c.Judge(&one, look), c.Judge(&two, look)
		if a.Reason() != b.Reason() || a.Against != b.Against || a.For != b.For || a.Finding != b.Finding {
			t.Fatalf("look %d: %v against, resumed %v against; %s; %s", i, a.Against, b.Against, a.Reason(), b.Reason())
		}
		kept, err := json.Marshal(two)
		if err != nil {
			t.Fatal(err)
		}
		two = State{}
		if err := json.Unmarshal(kept, &two); err != nil {
			t.Fatal(err)
		}
		if len(kept) > 16<<10 {
			t.Fatalf("look %d: the state takes %d bytes", i, len(kept))
		}
	}
	if one.Signals[1].Worse.Log == 0 || one.Signals[2].Worse.Log == 0 || one.Signals[0].Better.Wealth.Log == 0 {
		t.Error("a signal gave no evidence at all: nothing was tested")
	}
}

func grow(rng *rand.Rand, counts []Reading) {
	for range 100 {
		side, slow := []*Count{&counts[0].Old, &counts[1].Old, &counts[2].Old}, 1.0
		if rng.IntN(4) == 0 {
			side, slow = []*Count{&counts[0].New, &counts[1].New, &counts[2].New}, 1.03
		}
		for _, c := range side {
			c.Requests++
		}
		if rng.IntN(200) == 0 {
			side[0].Bad, side[0].BadClients = side[0].Bad+1, side[0].BadClients+1
		}
		if rng.IntN(3) == 0 {
			side[2].Bad++
		}
		took := time.Duration(slow * 80e6 * math.Exp(0.6*rng.NormFloat64()))
		side[1].Latency.Record(took, took, 1)
	}
}

func TestTheReadingsOfTheCallerAreNotKept(t *testing.T) {
	c := Defaults()
	var s State
	h := Histogram{1, 2, 3}
	look := Look{At: time.Unix(1, 0), Readings: []Reading{{Signal: "latency", Old: Count{Requests: 6, Latency: h}}}}
	c.Judge(&s, look)
	h[0] = 99
	if got := s.Signals[1].Last.Old.Latency; !reflect.DeepEqual(got, Histogram{1, 2, 3}) {
		t.Errorf("the state changed with the caller's histogram: %v", got)
	}
}

func TestASlowerVersionFailsByItsLatencies(t *testing.T) {
	c := Defaults()
	c.Signals = []Signal{Errors(), Latencies()}
	rng := rand.New(rand.NewPCG(3, 4))
	var s State
	look := Look{At: time.Unix(0, 0), Weight: 0.5, Next: 1, Random: true}
	counts := []Reading{{Signal: "errors"}, {Signal: "latency"}}
	var a Assessment
	for i := 0; i < 90 && a.Finding != Failing; i++ {
		for range 50 {
			for j, side := range []*Count{&counts[1].Old, &counts[1].New} {
				took := time.Duration(float64(1+j) * 80e6 * math.Exp(0.6*rng.NormFloat64()))
				side.Latency.Record(took, took, 1)
				side.Requests++
			}
			counts[0].Old.Requests++
			counts[0].New.Requests++
		}
		look.Readings = append([]Reading(nil), counts...)
		a = c.Judge(&s, look)
		if i == 20 && !strings.Contains(a.Reason(), "latency counts in 10s, when green is warm") {
			t.Errorf("%q does not say that green is cold", a.Reason())
		}
		look.At = look.At.Add(time.Second)
	}
	if why := a.Reason(); a.Finding != Failing || !strings.Contains(why, "latency: green half within 1") {
		t.Errorf("%v: %s", a.Finding, why)
	}
}

func TestMissesInACacheAreComparedByBlock(t *testing.T) {
	c := Defaults()
	hits := Hits("page cache")
	hits.Promotes, hits.Margin = true, 0.1
	c.Signals = []Signal{hits}
	st := newStand(t, c)
	a := st.seconds(400, 95, 30, 5, 3)
	st.want(a, Failing, "green 1,200 misses in 2,000 look-ups")
	st = newStand(t, c)
	if a = st.seconds(400, 95, 38, 5, 2); a.Finding == Failing {
		t.Error(a.Reason())
	}
}

func TestAnOutageOfBothSaysNothingAboutGoingOn(t *testing.T) {
	st := newStand(t, errorSettings())
	st.seconds(30, 95, 0, 5, 0)
	before := st.seconds(10, 95, 48, 5, 2)
	st.want(before, BothFailing)
	if after := st.seconds(10, 95, 48, 5, 2); after.For != before.For {
		t.Errorf("the evidence for going on moved from %v to %v", before.For, after.For)
	}
}

func TestAnOutageInThePastExcusesNothing(t *testing.T) {
	s := SignalState{Old: Count{Requests: 10000, Bad: 10}, Recent: Recent{OldRequests: 1000, OldBad: 50}}
	if s.base() != 0.001 {
		t.Errorf("just after an outage of the old version its rate is %v", s.base())
	}
	s = SignalState{Old: Count{Requests: 10000, Bad: 500}, Recent: Recent{OldRequests: 1000, OldBad: 1}}
	if s.base() != 0.001 {
		t.Errorf("long after an outage of the old version its rate is %v", s.base())
	}
}
