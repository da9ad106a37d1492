package check_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/check"
	"cutover/internal/load"
	"cutover/internal/release"
)

// rush asks for paths at a rate.
func rush(t *testing.T, rate float64, lasts time.Duration, thresholds []string, paths ...string) release.Check {
	t.Helper()
	p := load.Plan{Model: load.Open, Stages: []load.Stage{{From: rate, To: rate, Lasts: lasts}}, Timeout: 10 * time.Second}
	for _, path := range paths {
		p.Scenarios = append(p.Scenarios, load.Scenario{Name: path, Weight: 1, Steps: []load.Step{{Request: &load.Request{Method: "GET", Path: path}}}})
	}
	for _, text := range thresholds {
		one, err := load.ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		p.Thresholds = append(p.Thresholds, one)
	}
	return asCheck(t, p)
}

func asCheck(t *testing.T, p load.Plan) release.Check {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return release.Check{Name: "rush", Load: &release.LoadCheck{Plan: string(text), Most: time.Minute, Timeout: p.Timeout}}
}

// figure finds a figure of a result.
func figure(t *testing.T, r release.CheckResult, of, metric string) release.Figure {
	t.Helper()
	for _, f := range r.Figures {
		if f.Of == of && f.Metric == metric {
			return f
		}
	}
	t.Fatalf("there is no %s of %q in %+v", metric, of, r.Figures)
	return release.Figure{}
}

func TestALoadIsSharedByAllInstancesAndJudgedByItsThresholds(t *testing.T) {
	t.Parallel()
	var one, two atomic.Int64
	count := func(n *atomic.Int64) http.HandlerFunc { return func(http.ResponseWriter, *http.Request) { n.Add(1) } }
	a, b := serve(t, "green-1", count(&one)), serve(t, "green-2", count(&two))
	r := run(t, rush(t, 40, time.Second, []string{"errors <= 0%", "p99 < 60s"}, "/"), a, b)
	mustShow(t, r, true, "40 of 40 iterations", "0.00% errors")
	if one.Load() != 20 || two.Load() != 20 || r.Attempts != 1 || r.Took < time.Second/2 {
		t.Errorf("%d and %d requests, %+v", one.Load(), two.Load(), r)
	}
	if figure(t, r, "GET /", "requests").Value != 40 || figure(t, r, "GET /", "p99").Value <= 0 {
		t.Errorf("the figures are %+v", r.Figures)
	}
	mustShow(t, run(t, rush(t, 20, time.Second/2, []string{"p50 < 1us"}, "/"), a), false, "broken: p50 < 1us (")
	bad := serve(t, "green-3", says(500, "oh"))
	mustShow(t, run(t, rush(t, 20, time.Second/2, nil, "/", "/other"), bad), false, "100.00% errors", "status 500")
}

func TestALoadIsLeftOutOnceACheckHasFailed(t *testing.T) {
	t.Parallel()
	var loaded atomic.Int64
	in := serve(t, "green-1", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/rush" {
			loaded.Add(1)
		}
		w.WriteHeader(http.StatusTeapot)
	})
	home := get("/")
	home.Name = "smoke"
	results, err := check.Runner{}.Run(t.Context(), release.CheckOrder{Checks: []release.Check{home, rush(t, 20, time.Second, nil, "/rush")}, Instances: []release.Instance{in}})
	if err != nil || len(results) != 2 || results[1].Passed || results[1].Name != "rush" || !strings.Contains(results[1].Evidence, `since "smoke" failed`) {
		t.Errorf("%+v, %v", results, err)
	}
	if loaded.Load() > 0 {
		t.Error("a version that had failed was put under load")
	}
}

// beside compares two instances.
func beside(t *testing.T, fails bool, now, old http.HandlerFunc) (release.CheckResult, error) {
	t.Helper()
	c := rush(t, 60, 4*time.Second, nil, "/")
	c.Load.Baseline = &release.Baseline{Margin: 0.2, Fails: fails}
	results, err := check.Runner{}.Run(t.Context(), release.CheckOrder{Checks: []release.Check{c},
		Instances: []release.Instance{serve(t, "green-1", now)}, Beside: []release.Instance{serve(t, "blue-1", old)}})
	if err != nil {
		return release.CheckResult{}, err
	}
	if text, err := json.Marshal(results); err != nil {
		t.Errorf("the result cannot be recorded: %v %s", err, text)
	}
	return results[0], nil
}

func slowly(d time.Duration) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
	}
}

func TestASlowerVersionIsAConcernOrAFailureAsTheFileSays(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		t.Run(map[bool]string{false: "warn", true: "fail"}[fails], func(t *testing.T) {
			t.Parallel()
			r, err := beside(t, fails, slowly(200*time.Millisecond), slowly(5*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			said := r.Concern
			if fails {
				said = r.Evidence
			}
			if r.Passed == fails || !strings.Contains(said, "worse than the old version: GET / p50 2") {
				t.Errorf("%+v", r)
			}
			if f := figure(t, r, "GET /", "p50"); f.Beside < 5 || f.Value < 200 || f.Low <= 1.2 || f.Low > f.Ratio || f.High < f.Ratio {
				t.Errorf("the figure is %+v", f)
			}
		})
	}
}

func TestAFasterVersionPassesTheComparison(t *testing.T) {
	t.Parallel()
	r, err := beside(t, true, slowly(0), slowly(100*time.Millisecond))
	if err != nil || !r.Passed || r.Concern != "" || !strings.Contains(r.Evidence, "of 240 requests failed against 0 of 240") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWhatCannotBeComparedIsNeverAVerdict(t *testing.T) {
	t.Parallel()
	broken := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	r, err := beside(t, false, broken, broken)
	if err != nil || !r.Passed || !strings.Contains(r.Concern, "whether it is slower cannot be said") {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := beside(t, true, broken, broken); err == nil || !strings.Contains(err.Error(), "nothing can be said") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWithoutAnOldSideABaselineIsOnlyMeasured(t *testing.T) {
	t.Parallel()
	c := rush(t, 20, time.Second, nil, "/")
	c.Load.Baseline = &release.Baseline{Fails: true}
	r := run(t, c, serve(t, "blue-1", says(200, "")))
	mustShow(t, r, true, "nothing serves to compare with; 20 of 20 iterations")
	if figure(t, r, "GET /", "p50").Value <= 0 || r.Concern != "" {
		t.Errorf("%+v", r)
	}
	if r := run(t, c, serve(t, "blue-1", says(500, ""))); !r.Passed || r.Concern == "" {
		t.Errorf("errors are no concern: %+v", r)
	}
}

func TestSecretsOfALoadAreLookedUpAndNeverShown(t *testing.T) {
	t.Setenv("CHECK_LOAD_KEY", "open-sesame-load")
	got := make(chan string, 100)
	in := serve(t, "green-1", func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("X-Key")
		w.WriteHeader(http.StatusForbidden)
	})
	p := load.Plan{Model: load.Closed, Stages: []load.Stage{{From: 1, To: 1, Lasts: 10 * time.Second}}, Iterations: 1, Timeout: time.Second,
		Variables: map[string]string{"key": "env:CHECK_LOAD_KEY"},
		Scenarios: []load.Scenario{{Name: "a", Weight: 1, Steps: []load.Step{{Request: &load.Request{Method: "GET", Path: "/", Headers: map[string]string{"X-Key": "{{key}}"}}}}}}}
	c := asCheck(t, p)
	r := run(t, c, in)
	if key := <-got; key != "open-sesame-load" || strings.Contains(r.Evidence+c.Load.Plan, key) {
		t.Errorf("the key was %q, and the evidence is %q", key, r.Evidence)
	}
	if err := check.Ready(release.Plan{Checks: []release.Check{c}}); err != nil {
		t.Error(err)
	}
	p.Variables["key"] = "env:CHECK_LOAD_ABSENT"
	warm := asCheck(t, p)
	if err := check.Ready(release.Plan{WarmUp: warm.Load}); err == nil || !strings.Contains(err.Error(), "CHECK_LOAD_ABSENT") {
		t.Errorf("a secret that is not there: %v", err)
	}
}

func TestALoadThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	good := rush(t, 5, time.Second, nil, "/")
	if err := check.Validate(good); err != nil {
		t.Fatal(err)
	}
	plan := func(text string) release.Check { return release.Check{Name: "a", Load: &release.LoadCheck{Plan: text}} }
	both := good
	both.HTTP = &release.HTTPCheck{Path: "/"}
	closed := plan(strings.Replace(good.Load.Plan, `"open"`, `"closed"`, 1))
	closed.Load.Baseline = &release.Baseline{}
	for want, c := range map[string]release.Check{
		"read the load":               plan("{"),
		`unknown field "hurry"`:       plan(`{"hurry": true}`),
		"there is nothing to do":      plan(`{"model": "open"}`),
		"they are the instances":      plan(strings.Replace(good.Load.Plan, `"targets":null`, `"targets":[{"url":"http://a"}]`, 1)),
		"it needs either http or com": both,
		"a comparison needs a rate":   closed,
	} {
		if err := check.Validate(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want it to say %q", err, want)
		}
	}
}
