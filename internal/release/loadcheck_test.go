package release

import (
	"strings"
	"testing"
	"time"
)

// seen is a world in which both sides of a plan have as many instances ready
// as they should.
func seen(p Plan) World {
	w := World{Now: noon.Add(time.Hour), Traffic: Traffic{Known: true}}
	for _, t := range []Target{p.From, p.To} {
		side := w.Sides.Of(t.Side)
		side.Known = true
		for range p.Replicas {
			side.List = append(side.List, Instance{ID: string(t.Side), Side: t.Side, Digest: t.Digest, Addr: "127.0.0.1:1", Alive: true, Ready: true, ReadySince: noon})
		}
	}
	return w
}

// wants reports whether an action of that kind is wanted.
func wants(s State, w World, k ActionKind) bool {
	for _, a := range Decide(s, w).Actions {
		if a.Kind == k {
			return true
		}
	}
	return false
}

func TestNewInstancesAreWarmedUpBeforeTheyAreTestedAndAgainIfOneWasRestarted(t *testing.T) {
	t.Parallel()
	p := shopPlan(BlueGreen, 2)
	p.WarmUp = &LoadCheck{Most: time.Minute}
	s := stateIn(p, Warming)
	if !wants(s, seen(p), ActWarmUp) {
		t.Fatal("the instances stay cold")
	}
	warm := func(passed bool) {
		action := Action{Kind: ActWarmUp, Side: Green}
		for _, ev := range []Event{Intended{Key: "k", Action: action},
			Finished{Key: "k", Kind: ActWarmUp, Side: Green, Checks: []CheckResult{{Name: "warm-up", Passed: passed}}}} {
			s, _ = Fold(s, Entry{Seq: s.Seq + 1, At: noon, Event: ev})
		}
	}
	warm(false)
	if wants(s, seen(p), ActWarmUp) || s.Passed || s.Checked != nil {
		t.Error("the figures of a warm-up judge something")
	}
	s, _ = Fold(s, Entry{Seq: s.Seq + 1, At: noon, Event: Noticed{What: Restarted, Side: Blue}})
	if !s.Warmed {
		t.Error("a restart of the old side makes the new one cold")
	}
	s, _ = Fold(s, Entry{Seq: s.Seq + 1, At: noon, Event: Noticed{What: Restarted, Side: Green}})
	if s.Warmed {
		t.Error("an instance that was started again is taken for warm")
	}
	warm(true)
	d := Decide(s, seen(p))
	if len(d.Events) != 1 || d.Events[0].(Entered).Phase != Testing {
		t.Errorf("then follows %+v", d)
	}
}

func TestAComparisonWaitsForAnOldSideToCompareWith(t *testing.T) {
	t.Parallel()
	p := shopPlan(BlueGreen, 1)
	p.Checks = []Check{{Name: "baseline", Load: &LoadCheck{Baseline: &Baseline{}}}}
	s, w := stateIn(p, Testing), seen(p)
	if !p.Compares() || !wants(s, w, ActCheck) {
		t.Fatal("nothing is compared")
	}
	w.Sides.Blue.List[0].Ready, s.DegradedAt.Blue = false, noon
	if wants(s, w, ActCheck) {
		t.Error("it is compared with nothing")
	}
	if waits := strings.Join(Explain(s, w).Waits, "; "); !strings.Contains(waits, "no instance of v1 is ready to compare with") {
		t.Errorf("it waits for %q", waits)
	}
	first := firstOf(p)
	if first.Compares() || !wants(stateIn(first, Testing), w, ActCheck) {
		t.Error("a first release waits for what there is not")
	}
}

func TestABrokenLoadCheckSaysWhatItWas(t *testing.T) {
	t.Parallel()
	p := shopPlan(BlueGreen, 1)
	p.Checks = []Check{{Name: "home"}, {Name: "rush", Load: &LoadCheck{}}}
	s := stateIn(p, Testing)
	for name, want := range map[string]string{"home": "smoke check failed: home: bad", "rush": "load check failed: rush: bad"} {
		s.Checked = []CheckResult{{Name: "home", Passed: name != "home", Evidence: "bad"}, {Name: "rush", Passed: name != "rush", Evidence: "bad"}}
		ev, ok := Decide(s, seen(p)).Events[0].(Entered)
		if !ok || ev.Phase != Reverting || ev.Reason != want {
			t.Errorf("%s: %+v", name, ev)
		}
	}
}

func TestThePredictionCountsTheTimeOfLoads(t *testing.T) {
	t.Parallel()
	p := shopPlan(BlueGreen, 1)
	p.WarmUp = &LoadCheck{Least: 20 * time.Second, Most: 30 * time.Second}
	p.Checks = []Check{{Name: "a"}, {Name: "b", Load: &LoadCheck{Least: time.Minute}}, {Name: "c", Load: &LoadCheck{Least: time.Minute, Baseline: &Baseline{}}}}
	lines := map[Phase]Stage{}
	for _, st := range Timeline(p, noon) {
		lines[st.Phase] = st
	}
	if got := lines[Testing]; got.Earliest != 20*time.Second || got.What != "1 smoke check against each, 1 load check, a comparison with v1, before any traffic" {
		t.Errorf("testing: %+v", got)
	}
	if got := lines[Warming]; got.Ends != "at most 30s, then 10s" || lines[Shifting].Earliest != 140*time.Second {
		t.Errorf("warming: %+v, shifting %s", got, lines[Shifting].Earliest)
	}
}

func TestWhatLoadsHaveShownIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	got := Sentence(Finished{Kind: ActCheck, Side: Green, Took: time.Second, Checks: []CheckResult{
		{Name: "home", Passed: true, Evidence: "a: 200\nb: 200"},
		{Name: "rush", Passed: true, Evidence: "500 requests,\nno errors", Figures: []Figure{{Metric: "p50", Value: 3}}, Concern: "slower"}}})
	if got != "check green done in 1s; rush: 500 requests, no errors; look at rush: slower" {
		t.Errorf("%q", got)
	}
	if got := Concerns([]CheckResult{{Name: "a"}, {Name: "b", Concern: "slow"}}); len(got) != 1 || got[0] != "b: slow" {
		t.Errorf("the concerns are %q", got)
	}
}
