package release

import (
	"strings"
	"testing"
	"time"
)

// shadowing returns a release in the hold of its shadow, and what is seen.
func shadowing(strategy Strategy, samples uint64, differences ...Difference) (State, World) {
	p := shopPlan(strategy, 1)
	p.Steps = append([]Step{{Hold: Hold{AtLeast: time.Minute, AtMost: time.Hour}, Shadow: &Shadow{Share: Percent(10), Samples: 500}}}, p.Steps...)
	s := stateIn(p, Shifting)
	s.Held, s.HeldAt, s.Base, s.Passed = true, noon, Reading{Epoch: "e"}, true
	s.Verdict.Kind, s.JudgedAt = NotEnough, noon.Add(2*time.Minute)
	w := World{Now: noon.Add(2 * time.Minute), Verdict: Verdict{Kind: NotEnough}}
	for _, t := range []Target{p.From, p.To} {
		in := w.Sides.Of(t.Side)
		in.Known = true
		in.List = []Instance{{ID: string(t.Side) + "-1", Side: t.Side, Digest: t.Digest, Version: t.Version, Addr: "a:1", Alive: true, Ready: true}}
		w.Traffic.Sides.Of(t.Side).Endpoints = []Endpoint{{ID: string(t.Side) + "-1", Addr: "a:1"}}
	}
	w.Traffic.Known, w.Traffic.Served, w.Traffic.Epoch, w.Traffic.Salt, w.Traffic.Private = true, true, "e", p.Release, p.To.Side
	w.Traffic.Sides.Of(p.From.Side).Weight = All
	w.Traffic.Mirror = &Mirror{Side: p.To.Side, Shadow: *p.Steps[0].Shadow}
	w.Traffic.Comparison = &Comparison{Samples: samples, Endpoints: 2, Differences: differences}
	return s, w
}

func entered(t *testing.T, d Decision) Entered {
	t.Helper()
	for _, ev := range d.Events {
		if en, ok := ev.(Entered); ok {
			return en
		}
	}
	t.Fatalf("no phase was entered: %+v", d)
	return Entered{}
}

// settled decides until a phase is entered.
func settled(t *testing.T, s State, w World) Entered {
	t.Helper()
	for range 5 {
		d := Decide(s, w)
		if len(d.Events) == 0 {
			t.Fatalf("nothing follows: %+v", d)
		}
		for _, ev := range d.Events {
			if _, ok := ev.(Entered); ok {
				return entered(t, d)
			}
			var err error
			if s, err = Fold(s, Entry{Seq: s.Seq + 1, At: w.Now, Event: ev}); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("no phase was entered")
	return Entered{}
}

var priced = Difference{Endpoint: "GET /api/items", Path: "$.price", Kind: "another type", Was: "number", Is: "text", Count: 12, Of: 1840, P: 1e-6, Alarm: true}

func TestAShadowThatFindsNothingEndsWithoutBlame(t *testing.T) {
	t.Parallel()
	s, w := shadowing(ShadowOnly, 600)
	en := settled(t, s, w)
	if en.Phase != Withdrawing || !strings.Contains(en.Reason, "600 answers compared over 2 endpoints, no difference") {
		t.Errorf("got %s: %s", en.Phase, en.Reason)
	}
	s, w = shadowing(Canary, 600)
	if en = settled(t, s, w); en.Phase != Shifting || en.Step != 1 {
		t.Errorf("a canary goes on with %s, step %d", en.Phase, en.Step)
	}
}

func TestADifferenceTakesTheReleaseBackAndNamesThePath(t *testing.T) {
	t.Parallel()
	for _, strategy := range []Strategy{ShadowOnly, Canary, BlueGreen} {
		s, w := shadowing(strategy, 1840, priced)
		en := settled(t, s, w)
		want := "12 of 1,840 answers differ at GET /api/items $.price: another type, text instead of number"
		if en.Phase != Reverting || !strings.Contains(en.Reason, want) {
			t.Errorf("%s: %s because of %s", strategy, en.Phase, en.Reason)
		}
	}
}

func TestADifferenceThatOnlyInformsFailsNothing(t *testing.T) {
	t.Parallel()
	slow := priced
	slow.Advisory = true
	s, w := shadowing(ShadowOnly, 1840, slow)
	if en := settled(t, s, w); en.Phase != Withdrawing || !strings.Contains(en.Reason, "for information: 12 of 1,840") {
		t.Errorf("got %s: %s", en.Phase, en.Reason)
	}
}

func TestAShadowWaitsForItsAnswersAndSaysSo(t *testing.T) {
	t.Parallel()
	s, w := shadowing(ShadowOnly, 412)
	if d := Decide(s, w); len(d.Events) > 1 {
		t.Errorf("got %+v", d.Events)
	}
	if x := Explain(s, w); !strings.Contains(strings.Join(x.Waits, "\n"), "412 of 500 answers compared") {
		t.Errorf("got %q", x.Waits)
	}
	w.Now = noon.Add(2 * time.Hour)
	s.JudgedAt = w.Now
	var halted Halted
	for _, ev := range Decide(s, w).Events {
		halted, _ = ev.(Halted)
	}
	if !strings.Contains(halted.Reason, "412 of 500 answers compared after 1h") {
		t.Errorf("got %+v", halted)
	}
	w.Traffic.Comparison = nil
	if v := s.Weigh(w); v.Kind != NotEnough {
		t.Errorf("without a comparison the verdict is %+v", v)
	}
}

func TestAFrontThatCannotBeObservedDecidesNothing(t *testing.T) {
	t.Parallel()
	s, w := shadowing(ShadowOnly, 1840, priced)
	w.Verdict, w.Traffic = Verdict{}, Traffic{}
	if d := Decide(s, w); len(d.Events) > 0 {
		t.Errorf("got %+v", d.Events)
	}
}

func TestASumNamesThreeDifferencesAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := Comparison{Samples: 1234567, Endpoints: 1, Dropped: 1000, Skipped: 3, Thin: 1, Untracked: 2,
		Differences: []Difference{priced, priced, priced, priced, priced}}
	text := c.String()
	for _, want := range []string{"1,234,567 answers compared over 1 endpoint;", "; and 2 more", "(1,000 copies dropped, 3 not comparable, 1 endpoint hardly seen, 2 differences at"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
}
