package load_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"cutover/internal/load"
)

// serve starts a real server and returns its URL.
func serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// after answers 200 when a time has passed.
func after(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
}

// get is a step that asks for a path.
func get(path string) load.Step { return load.Step{Request: &load.Request{Method: "GET", Path: path}} }

// once is a plan that runs the steps so many times, one after the other.
func once(url string, iterations int, steps ...load.Step) load.Plan {
	return load.Plan{
		Name: "test", Targets: []load.Target{{URL: url}}, Model: load.Closed, Stages: []load.Stage{{From: 1, To: 1, Lasts: time.Minute}},
		Iterations: iterations, Scenarios: []load.Scenario{{Name: "visit", Weight: 1, Steps: steps}},
	}
}

// paced is a plan that asks for / at a rate.
func paced(url string, rate float64, lasts time.Duration) load.Plan {
	p := once(url, 0, get("/"))
	p.Model, p.Stages = load.Open, []load.Stage{{From: rate, To: rate, Lasts: lasts}}
	return p
}

func run(t testing.TB, p load.Plan) load.Result {
	t.Helper()
	r, err := load.Run(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// thresholds reads thresholds that are in order.
func thresholds(t testing.TB, texts ...string) []load.Threshold {
	t.Helper()
	var list []load.Threshold
	for _, text := range texts {
		one, err := load.ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	return list
}

// seen collects what a server was asked.
type seen struct {
	mu   sync.Mutex
	list []string
}

func (s *seen) add(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, what)
}

func (s *seen) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.list...)
}
