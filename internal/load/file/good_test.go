package file_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/load"
	"cutover/internal/load/file"
)

func TestAFileSaysWhatThePlanIs(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	p, err := file.Parse("good.yaml", []byte(start+`
  target: http://127.0.0.1:8080
  against: https://127.0.0.1:8443
  allow: [staging.example.org]
  stages: [{rate: 1/s..60/m, for: 1s}, {rate: 2/s, for: 2s}]
  iterations: 7
  warmUp: 100ms
  inFlight: 20
  connections: new
  seed: 3
  variables: {word: env:WORD, port: 80, key: file:keys/one}
  scenarios:
    visit:
      weight: 2
      data: {file: good.csv, per: iteration}
      login: [{http: {method: POST, path: /login, form: {name: "{{a}}", password: env:WORD}}}]
      steps:
        - {name: one, page: {path: /, assets: []}, expect: 200}
        - page: /all
        - think: 1s..2s
        - http: {path: /x, headers: {X-Port: 8080}, body: "{{word}}", method: PUT}
          expect: {status: [200, 201], json: {$.a: 1}, regexp: x}
          capture: {id: {header: X-Id}, name: '<(\w+)>'}
  thresholds: [p99 < 1s, p50 < 2x]
`), dir)
	if err != nil {
		t.Fatal(err)
	}
	thresholds := p.Thresholds
	p.Thresholds = nil
	want := load.Plan{
		Name: "test", Targets: []load.Target{{URL: "http://127.0.0.1:8080"}}, Against: []load.Target{{URL: "https://127.0.0.1:8443"}},
		Allow: []string{"staging.example.org"}, Model: load.Open, Iterations: 7, WarmUp: 100 * time.Millisecond, InFlight: 20,
		Stages:  []load.Stage{{From: 1, To: 1, Lasts: time.Second}, {From: 2, To: 2, Lasts: 2 * time.Second}},
		Timeout: 10 * time.Second, NewConnections: true, Seed: 3,
		Variables: map[string]string{"word": "env:WORD", "port": "80", "key": "file:" + filepath.Join(dir, "keys/one")},
		Scenarios: []load.Scenario{{
			Name: "visit", Weight: 2, Data: &load.Data{Columns: []string{"a", "b"}, Rows: [][]string{{"1", "2"}, {"x, y", `say "hi"`}}},
			Login: []load.Step{{Request: &load.Request{Method: "POST", Path: "/login", Form: map[string]string{"name": "{{a}}", "password": "env:WORD"}}}},
			Steps: []load.Step{
				{Page: &load.Page{Name: "one", Path: "/", Assets: []string{}, Expect: load.Expect{Status: []int{200}}}},
				{Page: &load.Page{Path: "/all", Find: true}},
				{Think: &load.Think{Least: time.Second, Most: 2 * time.Second}},
				{Request: &load.Request{Method: "PUT", Path: "/x", Headers: map[string]string{"X-Port": "8080"}, Body: "{{word}}",
					Expect:  load.Expect{Status: []int{200, 201}, JSON: map[string]string{"$.a": "1"}, Regexp: "x"},
					Capture: []load.Capture{{Variable: "id", Header: "X-Id"}, {Variable: "name", Regexp: `<(\w+)>`}}}},
			},
		}},
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("the plan is\n%+v\nwant\n%+v", p, want)
	}
	if len(thresholds) != 2 || thresholds[0].Limit != 1 || !thresholds[1].Relative {
		t.Errorf("the thresholds are %+v", thresholds)
	}
}

func TestWhatAFileDoesNotSayHasItsUsualValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]load.Stage{
		"  rate: 10/s\n":                              {From: 10, To: 10, Lasts: 30 * time.Second},
		"  users: 0..5\n  for: 1m\n":                  {From: 0, To: 5, Lasts: time.Minute},
		"  users: 5\n  iterations: 100\n":             {From: 5, To: 5, Lasts: time.Hour},
		"  rate: 5/s\n  iterations: 10\n  for: 10s\n": {From: 5, To: 5, Lasts: 10 * time.Second},
	} {
		p, err := file.Parse("good.yaml", []byte(start+text+visit), t.TempDir())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		model, bound := load.Open, 1000
		if strings.Contains(text, "users") {
			model, bound = load.Closed, 0
		}
		if p.Stages[0] != want || p.Model != model || p.InFlight != bound || p.Timeout != 10*time.Second {
			t.Errorf("%s: the plan is %+v", text, p)
		}
	}
}

func TestTheExamplesAreInOrder(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../examples/load/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, name := range files {
		if filepath.Base(name) == "release.yaml" {
			continue // see TestTheExampleOfAReleaseWithLoadsCanBePlanned
		}
		p, err := file.Load(name)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(p.Thresholds) == 0 {
			t.Errorf("%s demands nothing", name)
		}
		text, err := os.ReadFile(name)
		if err != nil || !strings.HasPrefix(string(text), "# ") || !strings.Contains(string(text), "cutover load -f "+filepath.Base(name)) {
			t.Errorf("%s does not say how to use it: %v", name, err)
		}
	}
}
