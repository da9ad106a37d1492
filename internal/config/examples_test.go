package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/release"
)

func TestTheExamplesAreInOrderAndCanBePlanned(t *testing.T) {
	t.Parallel()
	expected := map[string]struct{ from, strategy, findings string }{
		"first-release": {"", "canary", ""},
		"canary":        {"1.4.2", "canary", ""},
		"rolling":       {"v6", "rolling", "slow-rollback"},
		"blue-green":    {"2026.10", "blue-green", ""},
		"policy":        {"v1", "canary", ""},
		"docker":        {"2.0", "canary", ""},
		"swarm":         {"2.0", "canary", ""},
	}
	folders, err := os.ReadDir("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < len(expected) {
		t.Errorf("%d examples; want %d", len(folders), len(expected))
	}
	for _, f := range folders {
		want, ok := expected[f.Name()]
		if !ok {
			// Examples of other parts have tests of their own.
			continue
		}
		b := load(t, filepath.Join("../../examples", f.Name()))
		var ids []string
		for _, finding := range config.Lint(b) {
			ids = append(ids, finding.ID)
		}
		if got := strings.Join(ids, " "); got != want.findings {
			t.Errorf("%s: findings %q; want %q", f.Name(), got, want.findings)
		}
		now := release.Running{}
		if want.from != "" {
			now = serves(want.from, release.Blue)
		}
		p, err := b.Plan(t.Context(), "", now, snapshots(t))
		if err != nil {
			t.Errorf("%s: %v", f.Name(), err)
			continue
		}
		if string(p.Strategy) != want.strategy || p.App == "" || p.To.Version == "" || len(p.Checks) == 0 {
			t.Errorf("%s: the plan is %+v", f.Name(), p)
		}
	}
}
