package signal_test

import (
	"testing"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/signal"
)

// judged plays seconds of counted evidence to the analysis and returns what it
// finds. rates are the bad ones of 100 of the old side and 5 of the new.
func judged(t *testing.T, oldBad, newBad float64, polls int) analysis.Assessment {
	t.Helper()
	w := watching(t, misses())
	settings := analysis.Defaults()
	settings.Signals = append(settings.Signals, signal.Analysed([]signal.Signal{w.signal}, 5*time.Second)...)
	if err := settings.Check(); err != nil {
		t.Fatal(err)
	}
	var state analysis.State
	var a analysis.Assessment
	var o, n float64
	for i := range polls {
		f := w.poll(counted(o, float64(i)*500, n, float64(i)*25)...)
		o, n = o+oldBad, n+newBad
		look := analysis.Look{At: w.now, Epoch: "1", Weight: 0.05, Readings: w.history.Readings([]signal.Signal{w.signal}, []signal.Finding{f})}
		a = settings.Judge(&state, look)
		if a.Finding == analysis.Failing {
			return a
		}
	}
	return a
}

func TestMissesThatGrowTakeTheReleaseBackByTheAnalysis(t *testing.T) {
	t.Parallel()
	if a := judged(t, 50, 20, 60); a.Finding != analysis.Failing {
		t.Errorf("80%% misses against 10%%: %v: %s", a.Finding, a.Reason())
	}
	if a := judged(t, 50, 2.5, 120); a.Finding == analysis.Failing || a.Finding == analysis.Suspicious {
		t.Errorf("10%% misses on both sides: %v: %s", a.Finding, a.Reason())
	}
}

func totals(w *world) signal.Counts { return w.history.Tracks[w.signal.Name].Counts }

func TestWhatIsLostOfOneSideIsLeftOutOfBoth(t *testing.T) {
	t.Parallel()
	w := watching(t, misses())
	w.poll(counted(0, 0, 0, 0)...)
	w.poll(counted(10, 100, 1, 10)...)
	// The new side's counters start anew: this interval is left out.
	w.poll(counted(20, 200, 0, 5)...)
	w.poll(counted(30, 300, 1, 15)...)
	if c := totals(w); c.Old.Requests != 200 || c.New.Requests != 20 || c.Old.Bad != 20 || c.New.Bad != 2 {
		t.Errorf("the counts are %+v", c)
	}
}

func TestWhatOneSideMissesIsWaitedForByTheOther(t *testing.T) {
	t.Parallel()
	w := watching(t, misses())
	silent := signal.Reading{Side: signal.New, Missing: "no answer"}
	w.poll(counted(0, 0, 0, 0)...)
	w.poll(counted(0, 100, 0, 10)[0], silent)
	if c := totals(w); c.Old.Requests != 0 {
		t.Errorf("the old side counts alone: %+v", c)
	}
	w.poll(counted(0, 200, 0, 20)...)
	if c := totals(w); c.Old.Requests != 200 || c.New.Requests != 20 {
		t.Errorf("the counts are %+v", c)
	}
	// Silent while the other starts anew: neither interval can be known.
	w.poll(counted(0, 7, 0, 0)[0], silent)
	w.poll(counted(0, 107, 0, 40)...)
	w.poll(counted(0, 207, 0, 50)...)
	if c := totals(w); c.Old.Requests != 300 || c.New.Requests != 30 {
		t.Errorf("the counts are %+v", c)
	}
}

func TestMoreBadOnesThanThereAreInAllAreNone(t *testing.T) {
	t.Parallel()
	w := watching(t, misses())
	w.poll(counted(0, 0, 0, 0)...)
	w.expect(w.poll(counted(0, 100, 20, 10)...), signal.Waits, "more bad ones than there are in all: 20 of 10")
	if c := totals(w); c.New.Bad != 0 || c.Old.Requests != 0 {
		t.Errorf("the counts are %+v", c)
	}
}

func TestEvidenceThatIsWorseIsLeftToTheAnalysis(t *testing.T) {
	t.Parallel()
	w := watching(t, misses())
	w.poll(counted(0, 0, 0, 0)...)
	f := w.poll(counted(10, 100, 9, 10)...)
	w.expect(f, signal.Worsened, "green 90%, blue 10%; at most 10.5% is permitted")
	if kind, why := signal.Combined([]signal.Finding{f}); kind != analysis.Healthy {
		t.Errorf("combined: %v: %s", kind, why)
	}
}

func TestSamplesAreComparedWithACutThatWasKnownBefore(t *testing.T) {
	t.Parallel()
	s := memory()
	s.Role, s.Weight, s.Factor = signal.Evidence, 0.1, 1.2
	w := watching(t, s)
	for i := range 10 {
		w.poll(sides(float64(100+i), 1000)...)
	}
	if c := totals(w); c.New.Requests != 0 {
		t.Fatalf("ten samples have to say first what is usual: %+v", c)
	}
	w.poll(sides(200, 130)...) // the cut is 109, times 1.2 for the new side
	w.poll(sides(100, 132)...)
	if c := totals(w); c.Old.Requests != 2 || c.New.Requests != 2 || c.Old.Bad != 1 || c.New.Bad != 1 {
		t.Errorf("the counts are %+v", c)
	}
}

func TestABreachOutweighsEverythingAndWaitingOutweighsFine(t *testing.T) {
	t.Parallel()
	list := []signal.Finding{{Name: "a", Verdict: signal.Fine}, {Name: "b", Verdict: signal.Waits, Reason: "no answer"}, {Name: "c", Role: signal.Guard, Verdict: signal.Worsened, Reason: "for 1s of 2s"}, {Name: "d", Verdict: signal.BothBreached, Reason: "both"}, {Name: "e", Verdict: signal.Breached, Reason: "much"}}
	for n, want := range []analysis.Finding{analysis.Healthy, analysis.Healthy, analysis.Waiting, analysis.Suspicious, analysis.BothFailing, analysis.Failing} {
		if got, why := signal.Combined(list[:n]); got != want || (got == analysis.Healthy) != (why == "") {
			t.Errorf("of %v: %v (%s); want %v", list[:n], got, why, want)
		}
	}
}
