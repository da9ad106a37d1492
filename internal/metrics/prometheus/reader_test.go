package prometheus_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutover/internal/metrics/prometheus"
	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"
	"cutover/internal/testkit"
)

func subject() signal.Subject {
	return signal.Subject{
		App: "shop",
		Old: signal.Party{Label: "blue", Version: "1.0"}, New: signal.Party{Label: "green", Version: "2.0"},
	}
}

func queue(addr string) signal.Signal {
	return signal.Signal{Name: "queue", Shape: signal.Level, Source: signal.Source{
		Kind: signal.Prometheus, At: "http://" + addr, Query: `shop_queue{app="{{app}}",version="{{version}}"}`,
	}}
}

func TestPrometheusKeepsTheReadersPromises(t *testing.T) {
	t.Parallel()
	signaltest.Run(t, func(t *testing.T) signaltest.Stage {
		door := signaltest.OpenDoor(t, address(t))
		hang, wrong := queue(signaltest.Hanging(t)), queue(door.Addr)
		wrong.Source.At = "prometheus"
		return signaltest.Stage{Reader: prometheus.New(), Signal: queue(door.Addr), Wrong: wrong, Subject: subject(), Vanish: door.Shut, Hang: &hang}
	})
}

func read(t *testing.T, s signal.Signal) []signal.Reading {
	t.Helper()
	r := prometheus.New()
	t.Cleanup(func() { _ = r.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	return r.Read(ctx, s, subject())
}

func TestEverySeriesIsAReadingOfItsOwnWithItsWhole(t *testing.T) {
	t.Parallel()
	s := queue(address(t))
	s.Source.Query, s.Source.Of = `cache_misses_total{version="{{version}}"}`, `cache_lookups_total{version="{{version}}"}`
	byName := map[string]signal.Reading{}
	for _, r := range read(t, s) {
		byName[string(r.Side)+r.Instance] = r
	}
	if len(byName) != 3 {
		t.Fatalf("got %v", byName)
	}
	for name, r := range byName {
		if strings.Contains(name, `instance_no="b"`) {
			if r.Side != signal.New || r.Value != 5 || r.Of != 50 {
				t.Errorf("%s is %+v", name, r)
			}
		} else if r.Missing != "" || r.Value <= 0 || r.Of < r.Value {
			t.Errorf("%s is %+v", name, r)
		}
	}
	s.Source.Rest = true
	for _, r := range read(t, s) {
		if strings.Contains(r.Instance, `instance_no="b"`) && r.Of != 55 {
			t.Errorf("misses and hits are %v together; want 55", r.Of)
		}
	}
}

func TestACacheIsWatchedOverRealTime(t *testing.T) {
	t.Parallel()
	s := queue(address(t))
	s.Name, s.Shape, s.Unit, s.Compare, s.Worse, s.Role, s.Limit = "misses", signal.Counted, signal.Ratio, signal.WithLimit, signal.Higher, signal.Guard, 0.2
	s.Source.Query, s.Source.Of = `cache_misses_total{version="{{version}}"}`, `cache_lookups_total{version="{{version}}"}`
	s.Window, s.Stale = time.Minute, time.Minute
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	var h signal.History
	var f signal.Finding
	// Prometheus may have scraped one side twice before the other.
	testkit.Await(t, "a finding about both sides", func() bool {
		now := time.Now()
		h.Take(s, signal.Batch{At: now, Readings: read(t, s)})
		f = signal.Evaluate([]signal.Signal{s}, h, now)[0]
		return f.Verdict == signal.BothBreached
	})
	if !strings.Contains(f.Reason, "green 25%, blue 25%; at most 20%") {
		t.Errorf("%v", f)
	}
}

func TestWhatPrometheusCannotSayIsMissingWithTheReason(t *testing.T) {
	t.Parallel()
	for query, says := range map[string]string{
		`shop_queue{version="{{version}}"`:              "the query is refused: ",
		`no_such_metric{version="{{version}}"}`:         "the query finds nothing",
		`shop_queue{version="{{version}}"}[1m]`:         "it must give one number a series",
		`"text {{version}}"`:                            "it must give one number a series",
		`label_replace(vector(1),"a","b","","")[1m:1s]`: "one number a series",
	} {
		s := queue(address(t))
		s.Source.Query = query
		for _, r := range read(t, s) {
			if !strings.Contains(r.Missing, says) {
				t.Errorf("%s: %+v; want %q", query, r, says)
			}
		}
	}
	s := queue(address(t))
	s.Source.Query, s.Source.Of = `cache_misses_total{version="2.0"}`, `sum(cache_lookups_total{version="{{version}}"})`
	if r := read(t, s); !strings.Contains(r[0].Missing, "finds 2 series and that of the whole 1: sum both") {
		t.Errorf("%+v", r)
	}
}

func TestNaNAndInfinityAreMissing(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"vector(0)/vector(0)", "1/vector(0)", "scalar(no_such_metric)"} {
		s := queue(address(t))
		s.Source.Query, s.Shared = query, true
		s.Unit, s.Compare, s.Worse, s.Role, s.Limit, s.Stale = signal.Count, signal.WithLimit, signal.Higher, signal.Guard, -1, time.Minute
		var h signal.History
		now := time.Now()
		h.Take(s, signal.Batch{At: now, Readings: read(t, s)})
		if f := signal.Evaluate([]signal.Signal{s}, h, now)[0]; f.Verdict != signal.Waits || !strings.Contains(f.Reason, "not a number") {
			t.Errorf("%s: %v", query, f)
		}
	}
}

func TestAServerThatIsNotPrometheusIsNotBelieved(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"<html>": "is not that of Prometheus",
		"{}":     "is not that of Prometheus",
		`{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"x"]}]}}`:                                                  "read the answer",
		`{"status":"success","data":{"resultType":"vector","result":[{"value":[1e300,"1"]}]}}`:                                              "out of all bounds",
		`{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}`:                                                      "histograms",
		`{"status":"success","data":{"resultType":"vector","result":[{"value":[1]}]}}`:                                                      "a time and a number",
		strings.Repeat(" ", 1<<20) + "{}":                                                                                                   "more than 1 MiB",
		`{"status":"success","data":{"resultType":"vector","result":[` + strings.Repeat(`{"value":[1,"1"]},`, 101) + `{"value":[1,"1"]}]}}`: "102 series, more than 100",
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		t.Cleanup(web.Close)
		for _, r := range read(t, queue(web.Listener.Addr().String())) {
			if !strings.Contains(r.Missing, says) {
				t.Errorf("%.60s: %+v; want %q", body, r, says)
			}
		}
	}
}

func TestASecretGoesToTheServerAndNowhereElse(t *testing.T) {
	t.Setenv("PROMETHEUS_TOKEN", "Bearer geheim")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"status":"error","error":"no entry with %s"}`, r.Header.Get("Authorization"))
	}))
	t.Cleanup(web.Close)
	s := queue(web.Listener.Addr().String())
	s.Source.Headers = map[string]string{"Authorization": "env:PROMETHEUS_TOKEN"}
	r := read(t, s)[0]
	if !strings.Contains(r.Missing, "no entry with ***") || strings.Contains(r.Missing, "geheim") {
		t.Errorf("%+v", r)
	}
	s.Source.Headers["Authorization"] = "env:NOT_SET_ANYWHERE"
	if r := read(t, s)[0]; !strings.Contains(r.Missing, "NOT_SET_ANYWHERE") {
		t.Errorf("%+v", r)
	}
}
