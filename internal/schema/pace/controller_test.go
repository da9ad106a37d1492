package pace_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"cutover/internal/schema/pace"
)

// limits draws limits of every kind, some of them absent.
func limits(t *rapid.T) pace.Limits {
	l := pace.Limits{Batch: time.Duration(rapid.IntRange(1, 100).Draw(t, "batch")) * time.Millisecond, Share: rapid.Float64Range(0.05, 1).Draw(t, "share")}
	if rapid.Bool().Draw(t, "wal") {
		l.WAL = rapid.Int64Range(1<<20, 100<<20).Draw(t, "wal/s")
	}
	if rapid.Bool().Draw(t, "slow") {
		l.Slow = pace.Load{Latency: 1.5, Lag: time.Second, Behind: 1 << 20}
	}
	if rapid.Bool().Draw(t, "stop") {
		l.Stop = pace.Load{Latency: 5, Lag: 10 * time.Second, Behind: 1 << 24}
	}
	return l
}

// load draws one that is calm, too much, or far too much.
func load(t *rapid.T) pace.Load {
	switch rapid.IntRange(0, 8).Draw(t, "load") {
	case 0:
		return pace.Load{Latency: 20}
	case 1:
		return pace.Load{Lag: time.Minute, Latency: 1}
	case 2:
		return pace.Load{Behind: 1 << 30}
	case 3:
		return pace.Load{Latency: 2}
	}
	return pace.Load{Latency: 1.1, Lag: 100 * time.Millisecond, Behind: 1000}
}

func tooMuch(l, limit pace.Load) bool {
	return limit.Latency > 0 && l.Latency > limit.Latency || limit.Lag > 0 && l.Lag > limit.Lag || limit.Behind > 0 && l.Behind > limit.Behind
}

func TestNoHistoryLeadsToADecisionThatHurts(t *testing.T) {
	met := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		l := limits(t)
		c := pace.New(l)
		now := time.Unix(1e9, 0)
		page := rapid.SampledFrom([]int64{10, 300, 200_000}).Draw(t, "microseconds for a page")
		decision := c.Next(pace.Reading{Now: now})
		for range rapid.IntRange(1, 150).Draw(t, "readings") {
			r := pace.Reading{Load: load(t)}
			if !decision.Stop {
				r.Took = time.Duration(decision.Pages*page*rapid.Int64Range(50, 150).Draw(t, "percent")/100) * time.Microsecond
				r.Pages, r.Slowest = decision.Pages, r.Took
				r.Written = rapid.Int64Range(0, 4<<20).Draw(t, "written")
			}
			now = now.Add(decision.Rest + r.Took)
			r.Now = now
			stopped, before := decision.Stop, decision.Pages
			decision = c.Next(r)
			if decision.Pages < 1 || decision.Pages > 1024 {
				t.Fatalf("a batch of %d pages", decision.Pages)
			}
			if decision.Rest < 0 || decision.Rest > 2*time.Second {
				t.Fatalf("a rest of %s", decision.Rest)
			}
			if decision.Rest < 2*time.Second && float64(r.Took) > 1.001*l.Share*float64(r.Took+decision.Rest)+1 {
				t.Fatalf("after %s it rests %s; it may take %g of the time", r.Took, decision.Rest, l.Share)
			}
			if r.Pages > 1 && r.Slowest > 2*l.Batch && decision.Pages > before/2+1 {
				t.Fatalf("a batch of %d pages took %s, the next has %d", before, r.Slowest, decision.Pages)
			}
			if tooMuch(r.Load, l.Stop) != decision.Stop && !(stopped && tooMuch(r.Load, l.Slow)) {
				t.Fatalf("at %+v stop is %v", r.Load, decision.Stop)
			}
			if (decision.Stop || tooMuch(r.Load, l.Slow)) && decision.Reason == "" {
				t.Fatalf("held back at %+v without a word", r.Load)
			}
			switch decision.Pages {
			case 1:
				met["goes page by page"]++
			case 1024:
				met["goes in leaps"]++
			}
			switch {
			case decision.Stop && stopped:
				met["stays stopped"]++
			case decision.Stop:
				met["stops"]++
			case stopped:
				met["goes on"]++
			case tooMuch(r.Load, l.Slow):
				met["slows"]++
			case decision.Reason != "":
				met["waits for the log"]++
			default:
				met["works"]++
			}
		}
	})
	for _, what := range []string{"stays stopped", "stops", "goes on", "slows", "waits for the log", "works", "goes page by page", "goes in leaps"} {
		if met[what] == 0 {
			t.Errorf("no history ever %s: %v", what, met)
		}
	}
}

// drive lets a fill work for a while under a load, each batch taking what a
// page takes, and returns which part of the time it worked and what it did.
func drive(c *pace.Controller, now *time.Time, lasts, page time.Duration, load pace.Load) (share float64, last pace.Decision) {
	var worked time.Duration
	began := *now
	last = c.Next(pace.Reading{Now: *now, Load: load})
	for now.Sub(began) < lasts {
		*now = now.Add(last.Rest)
		r := pace.Reading{Load: load}
		if !last.Stop {
			r.Took, r.Pages = time.Duration(last.Pages)*page, last.Pages
			r.Slowest = r.Took
			worked += r.Took
			*now = now.Add(r.Took)
		}
		r.Now = *now
		last = c.Next(r)
	}
	return float64(worked) / float64(now.Sub(began)), last
}

func TestAFillTakesItsWholeShareOfACalmDatabaseAndLittleOfABusyOne(t *testing.T) {
	for _, word := range []string{"shared", "gentle"} {
		l, err := pace.Named(word)
		if err != nil {
			t.Fatal(err)
		}
		c, now := pace.New(l), time.Unix(1e9, 0)
		if share, _ := drive(c, &now, time.Second, 100*time.Microsecond, pace.Load{Latency: 1}); share > l.Share/2 {
			t.Errorf("%s begins with %.2f of the time", word, share)
		}
		drive(c, &now, 10*time.Second, 100*time.Microsecond, pace.Load{Latency: 1})
		share, last := drive(c, &now, 10*time.Second, 100*time.Microsecond, pace.Load{Latency: 1})
		if share < 0.95*l.Share || share > 1.05*l.Share {
			t.Errorf("%s takes %.3f of a calm database's time, want %.3f", word, share, l.Share)
		}
		if took := time.Duration(last.Pages) * 100 * time.Microsecond; took > l.Batch || took < l.Batch/2 {
			t.Errorf("%s has batches of %s, want %s", word, took, l.Batch)
		}
		drive(c, &now, 5*time.Second, 100*time.Microsecond, pace.Load{Latency: 2})
		share, _ = drive(c, &now, 10*time.Second, 100*time.Microsecond, pace.Load{Latency: 2})
		if share > l.Share/15 || share == 0 {
			t.Errorf("%s takes %.4f of a busy database's time", word, share)
		}
	}
}

func TestAStopEndsOnlyWhenTheDatabaseIsCalm(t *testing.T) {
	c := pace.New(pace.Limits{Slow: pace.Load{Lag: time.Second}, Stop: pace.Load{Lag: 10 * time.Second, Latency: 5}})
	now := time.Unix(1e9, 0)
	for _, step := range []struct {
		load pace.Load
		stop bool
	}{
		{pace.Load{Lag: 5 * time.Second}, false}, {pace.Load{Lag: 11 * time.Second}, true}, {pace.Load{Lag: 5 * time.Second}, true},
		{pace.Load{Lag: time.Second / 2}, false}, {pace.Load{Latency: 6}, true}, {pace.Load{Latency: 4}, false},
	} {
		now = now.Add(time.Second)
		if d := c.Next(pace.Reading{Now: now, Load: step.load}); d.Stop != step.stop {
			t.Errorf("at %+v: %+v, want stop %v", step.load, d, step.stop)
		}
	}
}

func TestTheLogGrowsNoFasterThanItMay(t *testing.T) {
	const limit = 4 << 20
	c, now := pace.New(pace.Limits{WAL: limit}), time.Unix(1e9, 0)
	began, written := now, int64(0)
	d := c.Next(pace.Reading{Now: now})
	for range 200 {
		now = now.Add(d.Rest + 10*time.Millisecond)
		written += 300_000
		d = c.Next(pace.Reading{Now: now, Took: 10 * time.Millisecond, Written: 300_000})
	}
	rate := float64(written) / now.Add(d.Rest).Sub(began).Seconds()
	if rate > 1.01*limit || rate < 0.9*limit {
		t.Errorf("the log grew by %.0f bytes a second, the limit is %d", rate, limit)
	}
}

func TestAnUnlimitedFillNeverRests(t *testing.T) {
	c, now := pace.New(pace.Limits{}), time.Unix(1e9, 0)
	if share, last := drive(c, &now, 10*time.Second, time.Millisecond, pace.Load{Latency: 100, Lag: time.Hour}); share < 0.999 || last.Pages != 50 {
		t.Errorf("it worked %.3f of the time, its last decision was %+v", share, last)
	}
}
