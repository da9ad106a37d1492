package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/config"
	"cutover/internal/load/file"
	"cutover/internal/release"
)

const loaded = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec: {components: {web: {command: [sh], replicas: 2, health: {path: /}}}, traffic: {listen: "127.0.0.1:8080"}}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
  warmUp: [/, /api]
  checks:
    smoke: [{http: /}]
    load: [{scenario: "rush-{{version}}.yaml"}, {name: few, requests: [/], users: 3}]
    baseline: {requests: [/], margin: 50%, onRegression: fail}
`

const rush = `apiVersion: cutover/v1
kind: Load
metadata: {name: rush}
spec: {rate: 5/s, for: 20s, scenarios: {visit: {steps: [{http: /}]}}}
`

// withLoads writes files into a folder and reads the first of them.
func withLoads(t *testing.T, text string) (*config.Bundle, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"cutover.yaml": text, "rush-v2.yaml": rush} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config.Loader{Loads: file.ForRelease}.Load(t.Context(), dir)
}

func TestThePlanHasItsLoadsBehindTheSmokeChecksAndTheComparisonLast(t *testing.T) {
	t.Parallel()
	b, err := withLoads(t, loaded)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range p.Checks {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, ", "); got != "GET /, load rush-v2, few, baseline" {
		t.Errorf("the checks are %s", got)
	}
	last := p.Checks[3].Load
	if !p.Compares() || last.Baseline.Margin != 0.5 || !last.Baseline.Fails || last.Least != time.Minute {
		t.Errorf("the comparison is %+v, %+v", last, last.Baseline)
	}
	if p.WarmUp == nil || p.WarmUp.Most != 10*time.Second || p.WarmUp.Baseline != nil || p.Checks[1].Load.Least != 20*time.Second {
		t.Errorf("the warm-up is %+v, the load %+v", p.WarmUp, p.Checks[1].Load)
	}
}

func TestLoadsAreRefusedWhereTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{"name: few", "name: GET /", `spec.checks.load[1].name: another check is called "GET /" too`},
		{"name: few", "name: baseline", `another check is called "baseline" too`},
		{"users: 3", "users: 3, rate: 5/s", "spec.checks.load[1].users: rate and users are two ways"},
		{"{{version}}", "{{release}}", "{{release}} is not a placeholder"},
		{"users: 3", "users: 20000", "spec.checks.load[1].users: 20000 is too large"},
		{"warmUp: [/, /api]", "warmUp: {rate: 5/s}", "spec.warmUp: a load needs either a scenario or requests"},
	} {
		if _, err := withLoads(t, strings.Replace(loaded, c.old, c.new, 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.new, err, c.want)
		}
	}
}

func TestWithoutAReaderOfScenariosNoLoadIsPlanned(t *testing.T) {
	t.Parallel()
	b, err := config.Parse("x.yaml", []byte(loaded), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t)); err == nil || !strings.Contains(err.Error(), "loads are not known to this program") {
		t.Errorf("%v", err)
	}
}
