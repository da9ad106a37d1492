package signal_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/signal"

	"pgregory.net/rapid"
)

func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not say %q", text, word)
		}
	}
}

func TestAGuardIsBreachedByWhatIsWorseThanBlueAndSaysTheNumbers(t *testing.T) {
	t.Parallel()
	w := watching(t, memory())
	w.expect(w.poll(sides(200<<20, 290<<20)...), signal.Fine, "green 290MiB, blue 200MiB; at most 300MiB is permitted")
	w.expect(w.poll(sides(200<<20, 310<<20)...), signal.Breached, "green 310MiB", "at most 300MiB")
}

func TestASignalForWhichLowerIsWorse(t *testing.T) {
	t.Parallel()
	s := memory()
	s.Source = misses().Source
	s.Worse, s.Unit, s.Factor = signal.Lower, signal.Count, 2
	w := watching(t, s)
	w.expect(w.poll(sides(100, 51)...), signal.Fine, "at least 50")
	w.expect(w.poll(sides(100, 49)...), signal.Breached)
}

func TestADifferenceBelowTheLeastIsNone(t *testing.T) {
	t.Parallel()
	s := memory()
	s.Least = 10 << 20
	w := watching(t, s)
	w.expect(w.poll(sides(0, 9<<20)...), signal.Fine)
	w.expect(w.poll(sides(0, 11<<20)...), signal.Breached)
}

func TestAGuardWithATimeActsOnlyAfterItAndNotAcrossAGap(t *testing.T) {
	t.Parallel()
	s := memory()
	s.For = 10 * time.Second
	w := watching(t, s)
	w.expect(w.poll(sides(1, 9)...), signal.Worsened, "for 0s of 10s")
	w.expect(w.poll(sides(1, 9)...), signal.Worsened, "for 5s of 10s")
	w.expect(w.poll(sides(1, 9)...), signal.Breached, "for 10s")
	w.now = w.now.Add(time.Hour)
	w.expect(w.poll(sides(1, 9)...), signal.Worsened, "for 0s of 10s")
	w.expect(w.poll(sides(1, 1)...), signal.Fine)
	w.expect(w.poll(sides(1, 9)...), signal.Worsened, "for 0s of 10s")
}

func TestALimitThatBothSidesPassIsNoReasonToGoBack(t *testing.T) {
	t.Parallel()
	s := memory()
	s.Compare, s.Limit = signal.WithLimit, 100
	w := watching(t, s)
	w.expect(w.poll(sides(90, 120)...), signal.Breached, "green 120B, blue 90B; at most 100B")
	w.expect(w.poll(sides(110, 120)...), signal.BothBreached, "blue is beyond it too")
}

func TestASharedLimitThatWasPassedBeforeTheReleaseIsNoReasonToGoBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before float64
		want   signal.Verdict
	}{{50, signal.Breached}, {95, signal.BothBreached}} {
		w := watching(t, pool())
		w.before = true
		for range 5 {
			w.poll(signal.Reading{Side: signal.Shared, Value: c.before, Of: 100})
		}
		w.before = false
		w.expect(w.poll(signal.Reading{Side: signal.Shared, Value: 90, Of: 100}), c.want, "both sides together 90%", "at most 80%")
	}
}

func TestTheBaselineIsTheMedianOfTheTimeBefore(t *testing.T) {
	t.Parallel()
	s := memory()
	s.Compare, s.Factor = signal.WithBaseline, 2
	w := watching(t, s)
	w.before = true
	for i, v := range []float64{10, 10, 1000, 10} {
		w.expect(w.poll(signal.Reading{Side: signal.Old, Value: v}), signal.Waits)
		if i == 3 {
			w.before = false
			w.expect(w.poll(sides(10, 19)...), signal.Waits, "before the release: the baseline has 4 of the 5 readings")
			w.before = true
		}
	}
	w.poll(signal.Reading{Side: signal.Old, Value: 12})
	w.before = false
	w.expect(w.poll(sides(10, 19)...), signal.Fine, "green 19B, before the release 10B; at most 20B")
	w.expect(w.poll(sides(10, 21)...), signal.Breached)
}

func TestABaselineIsTakenUpByAnotherWatch(t *testing.T) {
	t.Parallel()
	s := exceptions()
	s.Compare, s.Factor, s.Limit = signal.WithBaseline, 3, 0
	w := watching(t, s)
	w.before = true
	for i := range 8 {
		w.poll(signal.Reading{Side: signal.Old, Value: float64(10 * i)})
	}
	text, err := json.Marshal(w.history.Baselines())
	if err != nil {
		t.Fatal(err)
	}
	var kept map[string]signal.Baseline
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	again := watching(t, s)
	again.history.Recall(kept)
	again.poll(sides(0, 0)...)
	again.expect(again.poll(sides(10, 25)...), signal.Fine, "green 5/s, before the release 2/s; at most 6/s")
	again.expect(again.poll(sides(20, 80)...), signal.Breached)
}

func TestARateIsTakenOverItsWindow(t *testing.T) {
	t.Parallel()
	w := watching(t, exceptions())
	w.expect(w.poll(sides(1000, 1000)...), signal.Waits, "only a beginning")
	w.expect(w.poll(sides(1000, 1005)...), signal.Fine, "green 1/s, blue 0/s; at most 2/s")
	w.expect(w.poll(sides(1000, 1030)...), signal.Breached, "green 3/s")
	for range 7 {
		w.poll(sides(1000, 1030)...)
	}
	w.expect(w.poll(sides(1000, 1031)...), signal.Fine)
}

func TestACounterThatStartsAnewAddsNothing(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]signal.Reading{
		"it fell":       {Side: signal.New, Value: 3},
		"another epoch": {Side: signal.New, Value: 1_000_000, Epoch: "second"},
	} {
		w := watching(t, exceptions())
		w.poll(sides(0, 100)...)
		w.poll(sides(0, 105)...)
		f := w.poll(signal.Reading{Side: signal.Old}, next)
		w.expect(f, signal.Fine, "green 1/s")
		rows := w.history.Tracks["exceptions"].Rows
		if last := rows[len(rows)-1].New; !last.Lost || !strings.Contains(last.Missing, "started anew") {
			t.Errorf("%s: the growth is %+v", name, last)
		}
		next.Value += 5
		next.At = time.Time{}
		w.expect(w.poll(signal.Reading{Side: signal.Old}, next), signal.Fine, "green 1/s")
	}
}

func TestAnInstanceThatComesOrGoesIsNoGrowth(t *testing.T) {
	t.Parallel()
	of := func(id string, v float64) signal.Reading {
		return signal.Reading{Side: signal.New, Instance: id, Value: v}
	}
	old := signal.Reading{Side: signal.Old}
	w := watching(t, exceptions())
	w.poll(old, of("a", 100), of("b", 200))
	w.expect(w.poll(old, of("a", 105), of("b", 205)), signal.Fine, "green 2/s")
	w.expect(w.poll(old, of("a", 110), of("b", 210), of("c", 5000)), signal.Fine, "green 2/s")
	w.expect(w.poll(old, of("a", 115), of("c", 5005)), signal.Fine, "green 2/s")
	w.expect(w.poll(old, of("a", 120), of("c", 5010)), signal.Fine, "green 2/s")
}

func TestWhatIsMissingWaitsWithTheReason(t *testing.T) {
	t.Parallel()
	bad := func(v, of float64) []signal.Reading {
		return []signal.Reading{{Side: signal.Shared, Value: v, Of: of}}
	}
	for name, c := range map[string]struct {
		readings []signal.Reading
		says     string
	}{
		"nothing":       {nil, "the source said nothing"},
		"a reason":      {[]signal.Reading{{Side: signal.Shared, Missing: "connection refused"}}, "connection refused"},
		"NaN":           {bad(math.NaN(), 1), "not a number"},
		"infinity":      {bad(math.Inf(1), 1), "not a number"},
		"a NaN whole":   {bad(1, math.NaN()), "not a number"},
		"a whole of 0":  {bad(0, 0), "nothing to divide by"},
		"a whole below": {bad(5, -1), "below 0"},
		"the future":    {[]signal.Reading{{Side: signal.Shared, Value: 9, Of: 10, At: start.Add(time.Hour)}}, "the clocks differ"},
		"an old number": {[]signal.Reading{{Side: signal.Shared, Value: 9, Of: 10, At: start.Add(-time.Hour)}}, "old, more than 30s"},
		"another side":  {[]signal.Reading{{Side: signal.New, Value: 9, Of: 10}}, "the source said nothing"},
	} {
		w := watching(t, pool())
		f := w.poll(c.readings...)
		if f.Verdict != signal.Waits || !strings.Contains(f.Reason, c.says) {
			t.Errorf("%s: %v: %s; want %q", name, f.Verdict, f.Reason, c.says)
		}
		if kind, why := signal.Combined([]signal.Finding{f}); kind != analysis.Waiting || !strings.Contains(why, "pool: ") {
			t.Errorf("%s: combined %v: %s", name, kind, why)
		}
		if _, err := json.Marshal(w.history); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestANumberCountsUntilItIsStale(t *testing.T) {
	t.Parallel()
	w := watching(t, pool())
	w.poll(signal.Reading{Side: signal.Shared, Value: 90, Of: 100})
	gone := signal.Reading{Side: signal.Shared, Missing: "connection refused"}
	for range 6 {
		w.expect(w.poll(gone), signal.Breached, "90%")
	}
	w.expect(w.poll(gone), signal.Waits, "connection refused; the last reading is 35s old")
}

func TestAClockThatIsSetBackWaitsUntilThereIsANewReading(t *testing.T) {
	t.Parallel()
	w := watching(t, exceptions())
	w.poll(sides(0, 0)...)
	w.expect(w.poll(sides(0, 100)...), signal.Breached)
	w.now = w.now.Add(-time.Hour)
	w.expect(w.finding(), signal.Waits, "the clock was set back")
	w.expect(w.poll(sides(0, 110)...), signal.Waits, "only a beginning")
	w.expect(w.poll(sides(0, 111)...), signal.Fine, "green 0.2/s")
}

func TestASourceWhoseClockGoesBackAddsNothing(t *testing.T) {
	t.Parallel()
	w := watching(t, exceptions())
	w.poll(sides(0, 0)...)
	w.poll(sides(0, 5)...)
	back := sides(0, 500)
	back[1].At = w.now.Add(-2 * time.Second)
	w.expect(w.poll(back...), signal.Fine, "green 1/s")
	row := w.history.Tracks["exceptions"].Rows[2].New
	contains(t, row.Missing, "the clock of the source went back by 2s")
}

func TestAClockThatJumpsAheadMakesNoRate(t *testing.T) {
	t.Parallel()
	w := watching(t, exceptions())
	w.poll(sides(0, 0)...)
	w.poll(sides(0, 5)...)
	w.now = w.now.Add(time.Hour)
	w.expect(w.poll(sides(0, 500)...), signal.Waits, "the reading before was 1h0m5s ago")
}

func TestTheSameSampleTwiceIsNoGrowthOfNothing(t *testing.T) {
	t.Parallel()
	w := watching(t, exceptions())
	first, second := w.now.Add(time.Second), w.now.Add(6*time.Second)
	at := func(v float64, at time.Time) []signal.Reading {
		r := sides(0, v)
		r[0].At, r[1].At = at, at
		return r
	}
	w.poll(at(0, first)...)
	w.expect(w.poll(at(5, second)...), signal.Fine, "green 1/s")
	for range 5 {
		w.expect(w.poll(at(5, second)...), signal.Fine, "green 1/s")
	}
	w.expect(w.poll(at(5, second)...), signal.Waits, "old, more than 30s")
}

func TestOneInstanceThatDoesNotAnswerCannotHideTheWorst(t *testing.T) {
	t.Parallel()
	s := memory()
	s.Compare, s.Limit = signal.WithLimit, 100
	silent := signal.Reading{Side: signal.New, Instance: "b", Missing: "no answer"}
	old := signal.Reading{Side: signal.Old, Value: 1}
	w := watching(t, s)
	w.expect(w.poll(old, signal.Reading{Side: signal.New, Instance: "a", Value: 120}, silent), signal.Breached, "at least: b: no answer")
	w = watching(t, s)
	w.expect(w.poll(old, signal.Reading{Side: signal.New, Instance: "a", Value: 80}, silent), signal.Waits, "b: no answer")
	s.Merge = signal.Sum
	w = watching(t, s)
	w.expect(w.poll(old, signal.Reading{Side: signal.New, Instance: "a", Value: 120}, silent), signal.Waits, "b: no answer")
}

func TestInstancesBecomeOneNumber(t *testing.T) {
	t.Parallel()
	for merge, want := range map[signal.Merge]float64{"": 30, signal.Worst: 30, signal.Sum: 40, signal.Mean: 20} {
		s := memory()
		s.Merge = merge
		w := watching(t, s)
		f := w.poll(signal.Reading{Side: signal.Old, Value: 100}, signal.Reading{Side: signal.New, Instance: "a", Value: 10}, signal.Reading{Side: signal.New, Instance: "b", Value: 30})
		if f.Values.New.Value != want {
			t.Errorf("%q makes %v; want %v", merge, f.Values.New.Value, want)
		}
	}
}

func TestMissingDataNeverPromotesAndNeverTakesBack(t *testing.T) {
	t.Parallel()
	signals := []signal.Signal{memory(), exceptions(), misses(), pool()}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(signals).Draw(t, "signal")
		var h signal.History
		now := start
		for range rapid.IntRange(1, 20).Draw(t, "polls") {
			now = now.Add(time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "passed")) * time.Second)
			var b signal.Batch
			b.At = now
			for range rapid.IntRange(0, 3).Draw(t, "readings") {
				b.Readings = append(b.Readings, rapid.SampledFrom([]signal.Reading{
					{Side: signal.New, At: now, Value: math.NaN(), Of: 1}, {Side: signal.New, At: now, Value: 1, Of: math.Inf(-1)},
					{Side: signal.Shared, At: now, Missing: "gone"}, {Side: signal.Old, At: now, Missing: "gone"},
					{Side: signal.New, At: now.Add(time.Hour), Value: 1e9, Of: 1e9}, {Side: signal.Old, Value: 5, Of: 9},
					{Side: signal.Shared, At: now.Add(-time.Hour), Value: 100, Of: 100}, {Side: signal.Shared, At: now, Value: 1},
				}).Draw(t, "reading"))
			}
			h.Take(s, b)
			f := signal.Evaluate([]signal.Signal{s}, h, now)
			if f[0].Verdict != signal.Waits || f[0].Reason == "" {
				t.Fatalf("%v", f[0])
			}
			if len(h.Readings([]signal.Signal{s}, f)) != 0 {
				t.Fatal("the analysis hears of what is missing")
			}
		}
		if _, err := json.Marshal(h); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAHistoryGoesOnFromWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]signal.Signal{memory(), exceptions(), misses()}).Draw(t, "signal")
		var kept, restored signal.History
		now, total := start, [4]float64{}
		for range rapid.IntRange(1, 30).Draw(t, "polls") {
			now = now.Add(5 * time.Second)
			for i := range total {
				total[i] += float64(rapid.IntRange(0, 9).Draw(t, "growth"))
			}
			readings := counted(total[0], total[0]+total[1]+1, total[2], total[2]+total[3]+1)
			for i := range readings {
				readings[i].At = now
			}
			for _, h := range []*signal.History{&kept, &restored} {
				h.Take(s, signal.Batch{At: now, Readings: readings})
			}
			text, err := json.Marshal(restored)
			if err != nil {
				t.Fatal(err)
			}
			restored = signal.History{}
			if err := json.Unmarshal(text, &restored); err != nil {
				t.Fatal(err)
			}
			a, b := signal.Evaluate([]signal.Signal{s}, kept, now), signal.Evaluate([]signal.Signal{s}, restored, now)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%v and %v", a, b)
			}
		}
		if n := len(kept.Tracks[s.Name].Rows); n > 512 {
			t.Fatalf("%d rows are kept", n)
		}
	})
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	t.Parallel()
	w := watching(t, memory())
	for i := range 2000 {
		w.before = i < 1000
		w.poll(sides(1, 1)...)
	}
	track := w.history.Tracks["memory"]
	if len(track.Rows) > 100 || len(track.Baseline.Levels) > 256 {
		t.Errorf("%d rows and %d levels are kept", len(track.Rows), len(track.Baseline.Levels))
	}
}
