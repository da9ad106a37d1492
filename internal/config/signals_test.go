package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/config"
	"cutover/internal/release"
	"cutover/internal/signal"
)

const signalsHead = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec: {components: {web: {command: [./shop]}}, traffic: {listen: "127.0.0.1:8080"}}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
  signals:
`

// parseSignals reads what stands below signals:.
func parseSignals(text string) (*config.Bundle, error) {
	return config.Parse("x.yaml", []byte(signalsHead+text), "/srv")
}

func resolved(t *testing.T, text string) signal.Set {
	t.Helper()
	b, err := parseSignals(text)
	if err != nil {
		t.Fatal(err)
	}
	set, err := b.Signals("shop")
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		t.Fatalf("what the files say is refused where it is used: %v", err)
	}
	return set
}

func TestAPlanCarriesItsSignalsAndNoSecret(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SHOP_DSN", "postgres://shop:hush@127.0.0.1/shop")
	if err := os.WriteFile(dir+"/shop", nil, 0o700); err != nil {
		t.Fatal(err)
	}
	const watch = "    watch:\n      - {name: connections, postgres: {url: env:SHOP_DSN, measure: connections}, limit: 80%}\n"
	for text, empty := range map[string]bool{signalsHead + watch: false, strings.TrimSuffix(signalsHead, "  signals:\n"): true} {
		b, err := config.Parse("x.yaml", []byte(text), dir)
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.Plan(t.Context(), "shop", release.Running{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if empty {
			if p.Signals != nil {
				t.Errorf("without signals it has %s", p.Signals)
			}
			continue
		}
		var set signal.Set
		want, _ := b.Signals("shop")
		if err := json.Unmarshal(p.Signals, &set); err != nil || !reflect.DeepEqual(set, want) || strings.Contains(string(p.Signals), "hush") {
			t.Errorf("it carries %s, %v", p.Signals, err)
		}
	}
}

func TestSignalsAreResolvedWithTheirDefaults(t *testing.T) {
	t.Parallel()
	set := resolved(t, `
    watch:
      - {name: connections, postgres: {url: file:dsn, measure: connections}, limit: 80%}
      - {name: slow, postgres: {url: env:DSN, measure: slow_statements, application: "shop-{{version}}"}, least: 3}
      - {name: cache, http: {url: /stats, bad: $.misses, good: $.hits}, role: evidence, tolerance: 5%}
      - {name: failed, prometheus: {url: "http://p:9090", query: 'x{side="{{side}}"}', counter: true}, per: request}
    conditions: [green.slow < 5]
`[1:])
	if set.Every != 5*time.Second || len(set.Signals) != 4 || set.Conditions[0] != (signal.Condition{Name: "green.slow < 5", Expression: "green.slow < 5", Otherwise: signal.Hold}) {
		t.Fatalf("%+v", set)
	}
}

func TestEverySignalHasTheShapeUnitAndComparisonOfItsSource(t *testing.T) {
	t.Parallel()
	type want struct {
		shape   signal.Shape
		unit    signal.Unit
		compare signal.Compare
		shared  bool
	}
	for text, w := range map[string]want{
		`process: memory`:                                                                        {signal.Level, signal.Bytes, signal.WithBlue, false},
		`process: cpu, limit: 1.5 cores`:                                                         {signal.Rate, signal.Cores, signal.WithLimit, false},
		`log: "a|b", limit: 5/s`:                                                                 {signal.Rate, signal.PerSecond, signal.WithLimit, false},
		`log: exceptions, per: request`:                                                          {signal.Counted, signal.Ratio, signal.WithBlue, false},
		`http: {url: /s, query: $.q}`:                                                            {signal.Level, signal.Count, signal.WithBlue, false},
		`http: {url: "http://h/s", query: $.q}, limit: 2s`:                                       {signal.Level, signal.Seconds, signal.WithLimit, true},
		`http: {url: "http://{{side}}/s", used: $.a, of: $.b}`:                                   {signal.Share, signal.Ratio, signal.WithBlue, false},
		`prometheus: {url: "http://p", query: x}, compare: baseline`:                             {signal.Level, signal.Count, signal.WithBaseline, true},
		`prometheus: {url: "http://p", query: 'x{v="{{version}}"}', counter: true}`:              {signal.Rate, signal.PerSecond, signal.WithBlue, false},
		`prometheus: {url: "http://p", query: 'x{v="{{version}}"}', counter: true}, unit: cores`: {signal.Rate, signal.Cores, signal.WithBlue, false},
		`prometheus: {url: env:P, bad: 'x{v="{{version}}"}'}, per: request`:                      {signal.Counted, signal.Ratio, signal.WithBlue, false},
		`pgbouncer: {url: env:P, measure: longest_wait}, limit: 500ms`:                           {signal.Level, signal.Seconds, signal.WithLimit, true},
		`pgbouncer: {url: env:P, measure: pool, database: "shop-{{side}}"}`:                      {signal.Share, signal.Ratio, signal.WithBlue, false},
	} {
		s := resolved(t, "    watch: [{name: x, "+text+"}]\n").Signals[0]
		if got := (want{s.Shape, s.Unit, s.Compare, s.Shared}); got != w {
			t.Errorf("%s: %+v; want %+v", text, got, w)
		}
	}
	s := resolved(t, `    watch: [{name: x, postgres: {url: file:dsn, measure: waiting_locks}, limit: 5}]`+"\n").Signals[0]
	if s.Source.At != "file:/srv/dsn" || s.Factor != 1.2 || s.Stale != 30*time.Second || s.Role != signal.Guard {
		t.Errorf("%+v", s)
	}
}

func TestAReleaseWithoutSignalsHasNone(t *testing.T) {
	t.Parallel()
	b, err := config.Parse("x.yaml", []byte(shop), "/srv")
	if err != nil {
		t.Fatal(err)
	}
	if set, err := b.Signals(""); err != nil || !set.Empty() {
		t.Errorf("%+v, %v", set, err)
	}
}

func TestWhatIsWrongWithASignalIsSaidAtItsPlace(t *testing.T) {
	t.Parallel()
	const queue = "{name: queue, process: memory}"
	for text, says := range map[string]string{
		`watch: [{process: cpu}]`:                                                                                  "12:13: spec.signals.watch[0].name: it is missing",
		`watch: [{name: a-b, process: cpu}]`:                                                                       `watch[0].name: "a-b" cannot name a signal`,
		`watch: [{name: in, process: cpu}]`:                                                                        "conditions have another use for the word",
		`watch: [{name: x}]`:                                                                                       "watch[0]: it is read nowhere",
		`watch: [{name: x, process: cpu, log: y}]`:                                                                 "in more than one place: log, process",
		`watch: [{name: x, graphite: {url: y}}]`:                                                                   "graphite: there is no such key",
		`watch: [{name: x, process: heap}]`:                                                                        `process: "heap" is not one of the choices`,
		`watch: [{name: x, log: "a("}]`:                                                                            "log: missing closing )",
		`watch: [{name: x, process: memory, limit: 5s}]`:                                                           "limit: 5s is in the unit seconds, but x in bytes; write it like 512MiB",
		`watch: [{name: x, process: memory, limit: lots}]`:                                                         "limit: it is not a number with a unit",
		`watch: [{name: x, process: memory, least: 5%}]`:                                                           "least: 5% is in the unit ratio, but x in bytes",
		`watch: [{name: x, process: memory, tolerance: 5s}]`:                                                       "tolerance: 5s is not a share",
		`watch: [{name: x, process: memory, compare: limit}]`:                                                      "compare: it is compared with a limit, and there is none",
		`watch: [{name: x, process: memory, compare: blue, limit: 1GiB}]`:                                          "limit: it is compared with blue, so the limit would not count",
		`watch: [{name: x, process: memory, weight: 0.1}]`:                                                         "weight: a guard acts by itself",
		`watch: [{name: x, process: memory, role: evidence, weight: 3}]`:                                           "weight: it is not a weight",
		`watch: [{name: x, process: memory, unit: seconds}]`:                                                       "memory of process is a level in bytes, not a level in seconds",
		`watch: [{name: x, process: memory, per: request}]`:                                                        "per: only counters of cache, http, log and prometheus",
		`watch: [{name: x, process: memory, stale: 7s}]`:                                                           "give stale at least 10s",
		`watch: [{name: x, process: cpu, window: 1s}]`:                                                             "the window of 1s is shorter",
		`watch: [{name: x, http: {url: /s}}]`:                                                                      "http: there are 0 of query, bad and used",
		`watch: [{name: x, http: {url: /s, bad: $.a}}]`:                                                            "bad needs the whole that it is divided by",
		`watch: [{name: x, http: {url: /s, used: $.a}}]`:                                                           "used and of go together",
		`watch: [{name: x, http: {url: /s, query: $.a, all: $.b}}]`:                                                "all and good go with bad",
		`watch: [{name: x, http: {url: /s, bad: $.a, all: $.b, good: $.c}}]`:                                       "there are both all and good",
		`watch: [{name: x, http: {url: /s, query: $.a, headers: {"a b": c}}}]`:                                     "cannot be the name of a header",
		`watch: [{name: x, prometheus: {url: "env:", query: x}}]`:                                                  "prometheus.url: env: must be followed",
		`watch: [{name: x, prometheus: {url: "http://p", query: x}}]`:                                              "both sides share the number, so it cannot be compared with blue",
		`watch: [{name: x, prometheus: {url: "http://p", query: "x{"}, limit: 5}]`:                                 "the query has a { that is not closed",
		`watch: [{name: x, prometheus: {url: "http://p", query: "{{sid}}"}, limit: 5}]`:                            "{{sid}} is not a placeholder",
		`watch: [{name: x, postgres: {url: env:P, measure: conections}}]`:                                          `did you mean "connections"?`,
		`watch: [` + queue + `, ` + queue + `]`:                                                                    `another signal is called "queue" too`,
		"watch: [" + queue + "]\n    every: 0s":                                                                    "every: ",
		"watch: [" + queue + "]\n    conditions: [green.queu < 2]":                                                 `13:18: spec.signals.conditions[0].require: there is no signal queu in green; there is queue`,
		"watch: [" + queue + "]\n    conditions: ['green.queue < 1 && red.a < 2']":                                 "13:38: spec.signals.conditions[0].require: undeclared reference to 'red'",
		"watch: [" + queue + "]\n    conditions: [green.queue * 2 < 5]":                                            "write 2.0 in place of 2",
		"watch: [" + queue + "]\n    conditions: [green.queue]":                                                    "it is a double, neither true nor false",
		"watch: [" + queue + "]\n    conditions: [{otherwise: hold}]":                                              "require: it is missing",
		"watch: [" + queue + "]\n    conditions: [green.queue < 1, green.queue < 1]":                               "another condition is called",
		"watch: [" + queue + "]\n    conditions: [{name: a, require: green.queue < 1, otherwise: explode}]":        `"explode" is not one of the choices`,
		"watch: [" + queue + "]\n    conditions:\n      - |\n        green.queue < 1 &&\n        green.queu < 1\n": "at line 2, column 1 of the condition",
		"watch: [" + queue + "]\n    conditions: ['[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, a+b+c > 0))) && green.queue > 0.0']": "it may cost",
	} {
		_, err := parseSignals("    " + text + "\n")
		problems, ok := errors.AsType[config.Problems](err)
		if !ok || !strings.Contains(err.Error(), says) {
			t.Errorf("%s:\n%v\nwant %q", text, err, says)
			continue
		}
		if len(problems) != 1 {
			t.Errorf("%s: one mistake is told as %d:\n%v", text, len(problems), err)
		}
	}
}

func TestAWrongSignalDoesNotMakeItsConditionsWrong(t *testing.T) {
	t.Parallel()
	_, err := parseSignals("    watch: [{name: queue, process: heap}]\n    conditions: [green.queue < 2.0]\n")
	if problems, ok := errors.AsType[config.Problems](err); !ok || len(problems) != 1 {
		t.Errorf("%v", err)
	}
}

func TestTheReadersOfSignalsAreAskedAboutThem(t *testing.T) {
	t.Parallel()
	l := config.Loader{AcceptSignal: func(s signal.Signal) error {
		if s.Source.At == "nonsense" {
			return errors.New("the address cannot be read")
		}
		return nil
	}}
	const text = "    watch: [{name: x, http: {url: nonsense, query: $.a}, limit: 5}]\n"
	if _, err := l.Parse("x.yaml", []byte(signalsHead+text), "/srv"); err == nil || !strings.Contains(err.Error(), "watch[0]: the address cannot be read") {
		t.Errorf("%v", err)
	}
}

func TestLintWarnsOfSignalsThatMayNotBeMeant(t *testing.T) {
	t.Parallel()
	for text, id := range map[string]string{
		`{name: x, log: exceptions}`:                 "unequal-traffic",
		`{name: x, process: memory}`:                 "hasty-signal",
		`{name: x, process: memory, role: evidence}`: "weak-evidence",
		`{name: x, http: {url: /s, query: $.a, headers: {Authorization: hunter2}}, for: 15s}`: "plain-secret",
		`{name: x, log: exceptions, per: request, for: 30s}`:                                  "",
		`{name: x, process: cpu, for: 30s}`:                                                   "",
		`{name: x, process: memory, limit: 1GiB}`:                                             "",
	} {
		b, err := parseSignals("    watch: [" + text + "]\n")
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, f := range config.Lint(b) {
			if strings.HasPrefix(f.Path, "spec.signals") {
				ids = append(ids, f.ID)
			}
		}
		if !strings.Contains(strings.Join(ids, " "), id) || id == "" && len(ids) > 0 {
			t.Errorf("%s: %v; want %q", text, ids, id)
		}
	}
}

func TestTheExampleOfTheDocumentationIsInOrder(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/signals.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("there is no example")
	}
	b, err := config.Parse("signals.md", []byte(example+"---\n"+strings.Split(signalsHead, "---\n")[0]), "/srv")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range config.Lint(b) {
		if strings.HasPrefix(f.Path, "spec.signals") {
			t.Errorf("%s", f)
		}
	}
}
