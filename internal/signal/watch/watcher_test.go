package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/metrics/endpoint"
	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"
	"cutover/internal/signal/watch"
	"cutover/internal/testkit"
)

// shop is a server whose numbers a test sets.
type shop struct {
	addr   string
	queue  atomic.Int64
	errors atomic.Int64
	silent atomic.Bool
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.silent.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"queue": %d, "errors": %d}`, s.queue.Load(), s.errors.Load())
	}))
	t.Cleanup(web.Close)
	s.addr = web.Listener.Addr().String()
	return s
}

func queue() signal.Signal {
	return signal.Signal{
		Name: "queue", Source: signal.Source{Kind: signal.Endpoint, At: "/stats", Query: "$.queue"}, Shape: signal.Level, Unit: signal.Count,
		Compare: signal.WithBlue, Worse: signal.Higher, Role: signal.Guard, Factor: 2, Stale: 300 * time.Millisecond,
	}
}

func byRequest() signal.Signal {
	return signal.Signal{
		Name: "errors", Source: signal.Source{Kind: signal.Endpoint, At: "/stats", Query: "$.errors"}, Shape: signal.Counted, Unit: signal.Ratio, ByRequest: true,
		Compare: signal.WithBlue, Worse: signal.Higher, Role: signal.Evidence, Factor: 1, Weight: 0.1, Window: 2 * time.Second, Stale: 10 * time.Second,
	}
}

func order(signals []signal.Signal, old, fresh *shop) signal.Order {
	party := func(label, version, addr string) signal.Party {
		return signal.Party{Label: label, Version: version, Instances: []signal.Instance{{ID: label + "-1", Addr: addr}}}
	}
	o := signal.Order{Release: "shop-2", Set: signal.Set{Every: 10 * time.Millisecond, Signals: signals}}
	o.Subject = signal.Subject{App: "shop", Old: party("blue", "1", old.addr)}
	if fresh != nil {
		o.Subject.New = party("green", "2", fresh.addr)
	}
	return o
}

func watcher(t *testing.T) *watch.Watcher {
	t.Helper()
	w := watch.New(watch.Options{Readers: map[signal.Kind]signal.Reader{signal.Endpoint: endpoint.New()}})
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// await observes until the finding of that name has the verdict.
func await(t *testing.T, w *watch.Watcher, o signal.Order, name string, v signal.Verdict, says string) signal.Report {
	t.Helper()
	var report signal.Report
	last := ""
	testkit.Await(t, fmt.Sprintf("%s to be %v: %s", name, v, says), func() bool {
		var err error
		if report, err = w.Observe(o); err != nil {
			t.Fatal(err)
		}
		for _, f := range report.Findings {
			if f.Name == name {
				last = f.String()
				return f.Verdict == v && strings.Contains(f.Reason, says)
			}
		}
		return false
	})
	t.Log(last)
	return report
}

func TestAWatchFollowsWhatTheSourcesSay(t *testing.T) {
	t.Parallel()
	blue, green := newShop(t), newShop(t)
	blue.queue.Store(10)
	green.queue.Store(15)
	w, o := watcher(t), order([]signal.Signal{queue()}, blue, green)
	o.Set.Conditions = []signal.Condition{{Name: "short", Expression: "green.queue < 12 || release.step < 2", Otherwise: signal.Hold}}
	await(t, w, o, "queue", signal.Fine, "green 15, blue 10; at most 20")
	await(t, w, o, "short", signal.Fine, "green.queue 15")
	o.Moment.Step = 2
	await(t, w, o, "short", signal.Worsened, "does not hold")
	green.queue.Store(25)
	await(t, w, o, "queue", signal.Breached, "green 25")
	green.silent.Store(true)
	await(t, w, o, "queue", signal.Waits, "green: green-1: the status is 503")
	await(t, w, o, "short", signal.Waits, "green.queue is missing")
	green.silent.Store(false)
	green.queue.Store(1)
	await(t, w, o, "queue", signal.Fine, "green 1")
}

func TestTheTimeBeforeTheReleaseIsKeptForAnotherController(t *testing.T) {
	t.Parallel()
	blue, green := newShop(t), newShop(t)
	blue.queue.Store(10)
	s := queue()
	s.Compare = signal.WithBaseline
	w, o := watcher(t), order([]signal.Signal{s}, blue, nil)
	var kept []byte
	testkit.Await(t, "the baseline", func() bool {
		report, err := w.Observe(o)
		if err != nil {
			t.Fatal(err)
		}
		kept, err = json.Marshal(report.Baselines)
		return err == nil && report.Baselines["queue"].Readings >= 5
	})
	o = order([]signal.Signal{s}, blue, green)
	if err := json.Unmarshal(kept, &o.Baselines); err != nil {
		t.Fatal(err)
	}
	green.queue.Store(30)
	await(t, watcher(t), o, "queue", signal.Breached, "green 30, before the release 10; at most 20")
	o.Baselines = nil
	await(t, watcher(t), o, "queue", signal.Waits, "the baseline has 0 of the 5 readings")
}

func TestErrorsByRequestBecomeEvidence(t *testing.T) {
	t.Parallel()
	blue, green := newShop(t), newShop(t)
	w, o := watcher(t), order([]signal.Signal{byRequest()}, blue, green)
	if report, err := w.Observe(o); err != nil || len(report.Settings) != 1 || report.Epoch == "" {
		t.Fatalf("%+v, %v", report, err)
	}
	await(t, w, o, "errors", signal.Waits, "its requests are not known")
	var report signal.Report
	testkit.Await(t, "the counts", func() bool {
		now := time.Now()
		green.errors.Add(1)
		o.Subject.Old.At, o.Subject.New.At = now, now
		o.Subject.Old.Served += 95
		o.Subject.New.Served += 5
		var err error
		if report, err = w.Observe(o); err != nil {
			t.Fatal(err)
		}
		return len(report.Readings) == 1 && report.Readings[0].New.Bad >= 5
	})
	if r := report.Readings[0]; r.Old.Bad != 0 || r.Old.Requests <= r.New.Requests || r.New.Bad > r.New.Requests {
		t.Errorf("%+v", r)
	}
}

func TestAskingNeverWaitsForASourceThatHangs(t *testing.T) {
	t.Parallel()
	hangs := &shop{addr: signaltest.Hanging(t)}
	w := watch.New(watch.Options{Readers: map[signal.Kind]signal.Reader{signal.Endpoint: endpoint.New()}, Deadline: 100 * time.Millisecond})
	o := order([]signal.Signal{queue()}, hangs, hangs)
	done := make(chan error, 1)
	go func() { _, err := w.Observe(o); done <- err }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for the source")
	}
	await(t, w, o, "queue", signal.Waits, "did not answer in time")
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnEndedWatchReadsNothingAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); fmt.Fprint(w, `{"queue": 1}`) }))
	t.Cleanup(web.Close)
	s := &shop{addr: web.Listener.Addr().String()}
	w, o := watcher(t), order([]signal.Signal{queue()}, s, s)
	await(t, w, o, "queue", signal.Fine, "")
	if asked.Load() == 0 {
		t.Error("nothing was asked")
	}
	w.Forget("shop")
	w.Forget("shop")
	o.Release = "shop-3"
	await(t, w, o, "queue", signal.Fine, "")
	o.Release = "shop-4" // takes the place of the former watch
	await(t, w, o, "queue", signal.Fine, "")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// One question that was cut may still reach the server; a watch that went on
	// would ask every few milliseconds.
	testkit.Await(t, "the watch to ask nothing any more", func() bool {
		before := asked.Load()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return asked.Load() == before
	})
	if _, err := w.Observe(o); !errors.Is(err, watch.ErrClosed) {
		t.Errorf("%v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestASetThatCannotBeWatchedIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for says, change := range map[string]func(*signal.Order){
		"nothing here reads log": func(o *signal.Order) {
			o.Set.Signals[0].Source = signal.Source{Kind: signal.Log, Query: "x"}
			o.Set.Signals[0].Shape = signal.Rate
			o.Set.Signals[0].Window = time.Second
		},
		"must begin with $": func(o *signal.Order) { o.Set.Signals[0].Source.Query = "queue" },
		"there is no signal que": func(o *signal.Order) {
			o.Set.Conditions = []signal.Condition{{Name: "c", Expression: "green.que < 1", Otherwise: signal.Hold}}
		},
		"cannot name a signal":       func(o *signal.Order) { o.Set.Signals[0].Name = "" },
		"give the pause between two": func(o *signal.Order) { o.Set.Every = 0 },
	} {
		o := order([]signal.Signal{queue()}, s, s)
		change(&o)
		if _, err := watcher(t).Observe(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want %q", err, says)
		}
	}
}

func TestAnEmptySetSaysNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := order(nil, s, s)
	o.Set = signal.Set{}
	if report, err := watcher(t).Observe(o); err != nil || len(report.Findings) != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
