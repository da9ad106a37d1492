package file_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/config"
	"cutover/internal/load"
	"cutover/internal/load/file"
	"cutover/internal/release"
)

// ready makes a load ready that can be.
func ready(t *testing.T, o config.LoadOrder) (config.LoadPlan, load.Plan) {
	t.Helper()
	out, err := file.ForRelease(o)
	if err != nil {
		t.Fatal(err)
	}
	var p load.Plan
	if err := json.Unmarshal([]byte(out.Check.Plan), &p); err != nil {
		t.Fatal(err)
	}
	if flaws := p.Flaws(); len(flaws) > 0 {
		t.Fatal(flaws)
	}
	return out, p
}

// scenarioFile writes a scenario and returns its path.
func scenarioFile(t *testing.T, spec string) string {
	t.Helper()
	dir := folder(t)
	path := filepath.Join(dir, "load.yaml")
	if err := os.WriteFile(path, []byte(start+spec), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const staged = `
  target: http://127.0.0.1:8080
  allow: [staging.example.org]
  stages: [{rate: 1/s..10/s, for: 10s}, {rate: 10/s, for: 20s}]
  iterations: 50
  warmUp: 1s
  variables: {key: env:KEY}
  thresholds: [p99 < 1s]
  scenarios:
    visit:
      data: {file: good.csv, per: iteration}
      steps: [{http: {path: "/?{{a}}", headers: {X-Key: "{{key}}"}}}, {http: {method: POST, path: /x}}]
`

func TestAScenarioIsTakenAsItIsButForItsTargets(t *testing.T) {
	t.Parallel()
	out, p := ready(t, config.LoadOrder{Purpose: config.ToCheck, Scenario: scenarioFile(t, staged)})
	if p.Targets != nil || p.Allow != nil || len(p.Stages) != 2 || p.Iterations != 50 || p.WarmUp != time.Second || len(p.Thresholds) != 1 {
		t.Errorf("the load is %+v", p)
	}
	if p.Variables["key"] != "env:KEY" || p.Scenarios[0].Data.Rows[0][0] != "1" {
		t.Errorf("its variables are %+v, its data %+v", p.Variables, p.Scenarios[0].Data)
	}
	if c := out.Check; c.Least != 0 || c.Most != 30*time.Second || c.Timeout != 10*time.Second || fmt.Sprint(out.Writes) != "[POST /x]" {
		t.Errorf("%+v", out)
	}
}

func TestWhatTheReleaseSaysWinsOverTheScenario(t *testing.T) {
	t.Parallel()
	path := scenarioFile(t, staged)
	out, p := ready(t, config.LoadOrder{Purpose: config.ToCheck, Scenario: path, Users: 5, For: 20 * time.Second, Thresholds: []string{"p50 < 1s", "errors < 1%"}})
	if p.Model != load.Closed || p.Stages[0] != (load.Stage{From: 5, To: 5, Lasts: 20 * time.Second}) || p.Iterations != 0 || len(p.Thresholds) != 2 || out.Check.Least != 20*time.Second {
		t.Errorf("%+v", p)
	}
	_, p = ready(t, config.LoadOrder{Purpose: config.ToCheck, Scenario: path, Rate: "1/s..5/s"})
	if len(p.Stages) != 1 || p.Stages[0] != (load.Stage{From: 1, To: 5, Lasts: 30 * time.Second}) {
		t.Errorf("%+v", p.Stages)
	}
	_, p = ready(t, config.LoadOrder{Purpose: config.ToWarmUp, Scenario: path, Rate: "10/s", For: 5 * time.Second})
	if p.Thresholds != nil || p.Iterations != 0 || p.WarmUp != 0 {
		t.Errorf("a warm-up judges: %+v", p)
	}
	_, p = ready(t, config.LoadOrder{Purpose: config.ToCompare, Scenario: path, Rate: "20/s", For: time.Minute})
	if p.Thresholds != nil || p.Iterations != 0 || p.WarmUp != 6*time.Second || p.InFlight != 20 {
		t.Errorf("a comparison is not bounded: %+v", p)
	}
	out, p = ready(t, config.LoadOrder{Purpose: config.ToProbe, Scenario: path, Rate: "90/m", For: time.Minute})
	if !p.Synthetic || p.Thresholds != nil || p.Iterations != 0 || out.Rate != 1.5 || len(out.Writes) != 1 {
		t.Errorf("what is sent beside users is %+v, %+v", out, p)
	}
}

func TestPathsAreAskedForEquallyOften(t *testing.T) {
	t.Parallel()
	out, p := ready(t, config.LoadOrder{Purpose: config.ToCheck, Requests: []string{"/", "/api?x=1"}})
	if len(p.Scenarios) != 2 || p.Scenarios[0].Weight != p.Scenarios[1].Weight || p.Scenarios[1].Steps[0].Request.Path != "/api?x=1" || p.Stages[0].From != 10 {
		t.Errorf("%+v", p)
	}
	if out.Writes != nil || out.Check.Least != 30*time.Second {
		t.Errorf("%+v", out)
	}
}

// nowhere is a snapshot keeper that keeps nothing.
type nowhere struct{}

func (nowhere) Save(name string, _ []byte) (release.File, error) {
	return release.File{Name: name}, nil
}

func TestTheExampleOfAReleaseWithLoadsCanBePlanned(t *testing.T) {
	t.Parallel()
	b, err := config.Loader{Loads: file.ForRelease}.Load(t.Context(), "../../../examples/load/release.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if found := config.Lint(b); len(found) > 0 {
		t.Errorf("something is to be said of it: %v", found)
	}
	p, err := b.Plan(t.Context(), "", release.Running{Serves: release.Target{Version: "v1", Side: release.Blue}}, nowhere{})
	if err != nil || p.WarmUp == nil || len(p.Checks) != 3 || !p.Compares() {
		t.Errorf("%+v, %v", p.Checks, err)
	}
}

func TestALoadThatAReleaseCannotHaveIsToldAtItsKey(t *testing.T) {
	t.Parallel()
	long := scenarioFile(t, staged)
	rows := "a,b\n" + strings.Repeat(strings.Repeat("x", 100)+",y\n", 2000)
	if err := os.WriteFile(filepath.Join(filepath.Dir(long), "good.csv"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	home := []string{"/"}
	for want, o := range map[string]config.LoadOrder{
		"requests[1]: \"x y\" is not a path":                {Requests: []string{"/", "x y"}},
		"rate: \"fast\" is not a rate":                      {Requests: home, Rate: "fast"},
		"rate: 100000 iterations a second are more":         {Requests: home, Rate: "100000/s"},
		"users: 20000 users are more":                       {Requests: home, Users: 20000},
		"thresholds[1]: \"p99\" is not a threshold":         {Requests: home, Thresholds: []string{"p99 < 1s", "p99"}},
		"thresholds[0]: there is no request or page \"x\"":  {Requests: home, Thresholds: []string{"p99 of x < 1s"}},
		"for: the scenario has 2 stages":                    {Scenario: scenarioFile(t, staged), For: time.Second},
		"for: nothing of the 1s would be left":              {Scenario: scenarioFile(t, staged), Rate: "5/s", For: time.Second},
		"scenario: with its data it has":                    {Scenario: long},
		"rate: the old side serves users too, and 51 a sec": {Purpose: config.ToCompare, Requests: home, Rate: "1/s..51/s", For: time.Minute},
		"for: 20m0s is longer than a comparison takes":      {Purpose: config.ToCompare, Requests: home, Rate: "1/s", For: 20 * time.Minute},
		"rate: both sides serve users too, and 11 a second": {Purpose: config.ToProbe, Requests: home, Rate: "11/s", For: time.Minute},
		"rate: \"1/s..5/s\" changes":                        {Purpose: config.ToProbe, Requests: home, Rate: "1/s..5/s", For: time.Minute},
		"rate: so few requests say nothing":                 {Purpose: config.ToProbe, Requests: home, Rate: "30/h", For: time.Minute},
		"for: in each of 20 rounds there would be 9.0":      {Purpose: config.ToCompare, Requests: home, Rate: "20/s", For: 10 * time.Second},
	} {
		if o.Purpose == "" {
			o.Purpose = config.ToCheck
		}
		_, err := file.ForRelease(o)
		if wrong, ok := errors.AsType[config.Misfits](err); !ok || !strings.HasPrefix(wrong.Error(), want) {
			t.Errorf("%v, want it to begin with %q", err, want)
		}
	}
	_, err := file.ForRelease(config.LoadOrder{Purpose: config.ToCheck, Scenario: scenarioFile(t, "\n  rate: 5/s\n  scenarios: {a: {steps: [{http: x}]}}\n")})
	if _, ok := errors.AsType[config.Problems](err); !ok {
		t.Errorf("a mistake in the scenario has no place: %v", err)
	}
}
