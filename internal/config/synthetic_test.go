package config_test

import (
	"strings"
	"testing"
	"time"

	"cutover/internal/config"
	"cutover/internal/load/file"
	"cutover/internal/release"
)

// probing is a release with synthetic requests of a form.
func probing(form string) string {
	return strings.Replace(loaded, "    baseline: {requests: [/], margin: 50%, onRegression: fail}\n", "    synthetic: "+form+"\n", 1)
}

func TestSyntheticRequestsStandInThePlanWithTheirStandards(t *testing.T) {
	t.Parallel()
	b, err := withLoads(t, probing("[/, /api]"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	y := p.Synthetic
	if y == nil || y.Rate != 2 || y.WhenBelow != 60 || y.Block != 5*time.Second || y.Promotes || y.Runs || !strings.Contains(y.Plan, `"synthetic":true`) {
		t.Errorf("they are %+v", y)
	}
	for _, c := range p.Checks {
		if c.Name == "synthetic" {
			t.Error("they are a check before traffic too")
		}
	}
	b, err = withLoads(t, probing(`{scenario: "rush-{{version}}.yaml", rate: 30/m, whenBelow: 300, block: 10s, promotes: true}`))
	if err != nil {
		t.Fatal(err)
	}
	if p, err = b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t)); err != nil {
		t.Fatal(err)
	}
	if y := p.Synthetic; y.Rate != 0.5 || y.WhenBelow != 300 || y.Block != 10*time.Second || !y.Promotes || !y.Runs {
		t.Errorf("they are %+v", y)
	}
}

func TestSyntheticRequestsThatCannotBeAreToldAtTheirPlace(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"{rate: 2/s}":                     "spec.checks.synthetic: a load needs either a scenario or requests",
		"{requests: [/], rate: 50/s}":     "spec.checks.synthetic.rate: both sides serve users too, and 50 a second are more than 10; write at most 10/s",
		"{requests: [/], rate: 1/h}":      "spec.checks.synthetic.rate: so few requests say nothing",
		"{requests: [/], rate: 1/s..2/s}": "spec.checks.synthetic.rate: \"1/s..2/s\" changes",
		"{requests: [/], whenBelow: 0}":   "spec.checks.synthetic.whenBelow: 0 is too small",
		"{requests: [/], block: 0s}":      "spec.checks.synthetic.block",
		"{requests: [/], block: 1h}":      "spec.checks.synthetic.block: 1h is too long",
		"{requests: [/], promote: true}":  "did you mean \"promotes\"",
	} {
		b, err := withLoads(t, probing(form))
		if err == nil {
			_, err = b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", form, err, want)
		}
	}
}

const ordering = `apiVersion: cutover/v1
kind: Load
metadata: {name: orders}
spec: {rate: 5/s, for: 20s, scenarios: {order: {steps: [{http: {method: POST, path: /orders}}, {http: /}]}}}
`

func TestSyntheticRequestsWriteOnlyWhereTheirOwnerSaysItIsSafe(t *testing.T) {
	t.Parallel()
	load := func(form string) *config.Bundle {
		dir := write(t, map[string]string{"orders.yaml": ordering,
			"cutover.yaml": strings.Replace(probing(form), `{scenario: "rush-{{version}}.yaml"}, `, "", 1)})
		b, err := config.Loader{Loads: file.ForRelease}.Load(t.Context(), dir+"/cutover.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := load("{scenario: orders.yaml}")
	if _, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t)); err == nil ||
		!strings.Contains(err.Error(), "spec.checks.synthetic.scenario: POST /orders may write, again and again") || !strings.Contains(err.Error(), "writes: true") {
		t.Errorf("%v", err)
	}
	said := false
	for _, f := range config.Lint(b) {
		said = said || f.ID == "unusable-load" && f.Path == "spec.checks.synthetic.scenario"
	}
	if !said {
		t.Errorf("lint says %v", config.Lint(b))
	}
	b = load("{scenario: orders.yaml, writes: true}")
	if _, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t)); err != nil {
		t.Error(err)
	}
	for _, f := range config.Lint(b) {
		if strings.Contains(f.Path, "synthetic") {
			t.Errorf("lint says %v", f)
		}
	}
}

func TestAReleaseThatIsOnlyAShadowHasNoSyntheticRequests(t *testing.T) {
	t.Parallel()
	text := strings.Replace(probing("[/]"), "  to: v2\n", "  to: v2\n  strategy: shadow\n", 1)
	if _, err := withLoads(t, text); err == nil || !strings.Contains(err.Error(), "only a shadow never shifts traffic") {
		t.Errorf("%v", err)
	}
}
