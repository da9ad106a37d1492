package signal_test

import (
	"testing"
	"time"

	"cutover/internal/signal"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// memory is a guard on a level.
func memory() signal.Signal {
	return signal.Signal{
		Name: "memory", Source: signal.Source{Kind: signal.Process, Query: signal.Memory},
		Shape: signal.Level, Unit: signal.Bytes, Compare: signal.WithBlue, Worse: signal.Higher, Role: signal.Guard,
		Factor: 1.5, Stale: 30 * time.Second,
	}
}

// exceptions is a guard on a rate.
func exceptions() signal.Signal {
	return signal.Signal{
		Name: "exceptions", Source: signal.Source{Kind: signal.Log, Query: signal.Exceptions},
		Shape: signal.Rate, Unit: signal.PerSecond, Compare: signal.WithLimit, Worse: signal.Higher, Role: signal.Guard,
		Limit: 2, Window: 30 * time.Second, Stale: 30 * time.Second,
	}
}

// misses is counted evidence.
func misses() signal.Signal {
	return signal.Signal{
		Name: "misses", Source: signal.Source{Kind: signal.Prometheus, At: "http://127.0.0.1:9090", Query: `m{v="{{version}}"}`, Of: `l{v="{{version}}"}`},
		Shape: signal.Counted, Unit: signal.Ratio, Compare: signal.WithBlue, Worse: signal.Higher, Role: signal.Evidence,
		Factor: 1.05, Weight: 0.1, Window: 30 * time.Second, Stale: 30 * time.Second,
	}
}

// pool is a guard on a share that both sides use.
func pool() signal.Signal {
	return signal.Signal{
		Name: "pool", Source: signal.Source{Kind: signal.PgBouncer, At: "env:POOL", Query: signal.PoolUse},
		Shape: signal.Share, Unit: signal.Ratio, Shared: true, Compare: signal.WithLimit, Worse: signal.Higher, Role: signal.Guard,
		Limit: 0.8, Stale: 30 * time.Second,
	}
}

// world plays polls, one every five seconds.
type world struct {
	t       *testing.T
	signal  signal.Signal
	history signal.History
	now     time.Time
	before  bool
}

func watching(t *testing.T, s signal.Signal) *world {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatalf("the signal of this test is wrong: %v", err)
	}
	return &world{t: t, signal: s, now: start}
}

// poll takes readings five seconds later; those without a time are of then.
func (w *world) poll(readings ...signal.Reading) signal.Finding {
	w.t.Helper()
	w.now = w.now.Add(5 * time.Second)
	for i := range readings {
		if readings[i].At.IsZero() {
			readings[i].At = w.now
		}
	}
	w.history.Take(w.signal, signal.Batch{At: w.now, Readings: readings, Before: w.before})
	return w.finding()
}

func (w *world) finding() signal.Finding {
	return signal.Evaluate([]signal.Signal{w.signal}, w.history, w.now)[0]
}

// sides is a reading of each side.
func sides(old, fresh float64) []signal.Reading {
	return []signal.Reading{{Side: signal.Old, Value: old}, {Side: signal.New, Value: fresh}}
}

// counted is a counter of each side and that of the whole.
func counted(oldBad, oldAll, newBad, newAll float64) []signal.Reading {
	return []signal.Reading{{Side: signal.Old, Value: oldBad, Of: oldAll}, {Side: signal.New, Value: newBad, Of: newAll}}
}

func (w *world) expect(f signal.Finding, v signal.Verdict, words ...string) {
	w.t.Helper()
	if f.Verdict != v {
		w.t.Fatalf("it is %v (%s); want %v", f.Verdict, f.Reason, v)
	}
	contains(w.t, f.Reason, words...)
}
