package config_test

import (
	"strings"
	"testing"

	"cutover/internal/config"
)

func settings(t *testing.T, text string) map[string]config.Setting {
	t.Helper()
	b, err := config.Parse("x.yaml", []byte(text), "/srv")
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.Settings("")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]config.Setting{}
	for _, s := range list {
		if _, twice := all[s.Kind+" "+s.Path]; twice {
			t.Errorf("%s %s is there twice", s.Kind, s.Path)
		}
		all[s.Kind+" "+s.Path] = s
	}
	return all
}

func TestEverySettingSaysItsValueAndWhetherItIsADefault(t *testing.T) {
	t.Parallel()
	all := settings(t, strings.Replace(minimal, "to: v2", "to: v2, drain: {wait: 30s}, strategy: {steps: [5, {weight: 100, hold: {atMost: 3h}}], hold: 2h}", 1))
	for key, want := range map[string]config.Setting{
		"App spec.traffic.listen":                             {Value: "127.0.0.1:8080"},
		"App spec.traffic.path":                               {Value: "/", Default: true},
		"App spec.components.web.command":                     {Value: "./shop-{{version}} --port {{port}}"},
		"App spec.components.web.replicas":                    {Value: "1", Default: true},
		"App spec.runtime.type":                               {Value: "process", Default: true},
		"App spec.config.envFile":                             {Default: true},
		"Release spec.to.version":                             {Value: "v2"},
		"Release spec.drain.wait":                             {Value: "30s"},
		"Release spec.drain.onTimeout":                        {Value: "pause", Default: true},
		"Release spec.strategy.type":                          {Value: "canary", Default: true},
		"Release spec.strategy.hold.atLeast":                  {Value: "2h"},
		"Release spec.strategy.hold.atMost":                   {Value: "4h", Default: true},
		"Release spec.strategy.steps[0].weight":               {Value: "5%"},
		"Release spec.strategy.steps[0].hold.atLeast":         {Value: "2h"},
		"Release spec.strategy.steps[0].hold.atLeastRequests": {Value: "100", Default: true},
		"Release spec.strategy.steps[1].hold.atMost":          {Value: "3h"},
		"Release spec.guard.margin":                           {Value: "auto", Default: true},
		"Release spec.tries.most":                             {Value: "5", Default: true},
	} {
		want.Kind, want.Path, _ = strings.Cut(key, " ")
		if got := all[key]; got != want {
			t.Errorf("%s: got %+v; want %+v", key, got, want)
		}
	}
	if _, ok := all["Release spec.strategy.rolling.parallelism"]; ok {
		t.Error("a canary lists settings of a rolling update, which do not count")
	}
}

func TestSettingsHideWhatLooksSecret(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "  traffic:", "  config: {env: {DB_PASSWORD: hunter2, MODE: live, TOKEN: env:TOKEN}}\n  traffic:", 1)
	text = strings.Replace(text, "to: v2", "to: v2, checks: {smoke: [{http: {path: /, headers: {Authorization: Bearer hunter2}}}, {run: 'x --token=hunter2'}]}", 1)
	all := settings(t, text)
	for _, s := range all {
		if strings.Contains(s.Value, "hunter2") {
			t.Errorf("%s shows the secret: %s", s.Path, s.Value)
		}
	}
	for key, want := range map[string]string{"DB_PASSWORD": "(hidden)", "MODE": "live", "TOKEN": "env:TOKEN"} {
		if got := all["App spec.config.env."+key].Value; got != want {
			t.Errorf("%s is %q; want %q", key, got, want)
		}
	}
	if _, ok := all["Release spec.checks.smoke[1].expect.status"]; ok {
		t.Error("a command lists an expected status, which does not count")
	}
}
