package config_test

import (
	"strings"
	"testing"

	"cutover/internal/config"
)

// under puts a strategy under a policy's demands.
func under(strategy, demands string) error {
	text := strings.NewReplacer("to: v2", "to: v2, strategy: "+strategy, "web: {", "web: {replicas: 4, ").Replace(minimal)
	_, err := config.Parse("x.yaml", []byte(text+"---\napiVersion: cutover/v1\nkind: Policy\nmetadata: {name: p}\nspec: "+demands+"\n"), "/srv")
	return err
}

func TestTheFirstStepOfEveryStrategyIsJudged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ strategy, demands, want string }{
		{"blue-green", "{require: {maxFirstStep: 10%}}", "spec.strategy.type: policy p, require.maxFirstStep: the first step is 100%, more than 10%; write type: canary"},
		{"{type: rolling, rolling: {parallelism: 2}}", "{require: {maxFirstStep: 25%}}", "spec.strategy.rolling.parallelism: policy p, require.maxFirstStep: the first step is 50%, more than 25%; replace fewer"},
		{"{type: rolling, rolling: {parallelism: 1}}", "{require: {maxFirstStep: 25%}}", ""},
		{"canary", "{require: {maxFirstStep: 4.99%}}", "spec.strategy.steps: policy p, require.maxFirstStep: the first step is 5%, more than 4.99%; begin with"},
		{"canary", "{require: {maxFirstStep: 5%}}", ""},
		{"canary", "{require: {maxFirstStep: 1%}, appliesTo: {apps: [docs]}}", ""},
		{"canary", "{require: {maxFirstStep: 1%}, appliesTo: {apps: [docs, shop]}}", "require.maxFirstStep"},
		{"{standby: 23h59m}", "{require: {minStandby: 24h}}", "require.minStandby: 23h59m is shorter than 24h; write 24h or more"},
		{"{standby: 24h}", "{require: {minStandby: 24h}}", ""},
		{"{soak: 10m}", "{require: {minSoak: 10m}}", ""},
	} {
		err := under(c.strategy, c.demands)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s under %s: %v", c.strategy, c.demands, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s under %s: %v\nwant it to say %q", c.strategy, c.demands, err, c.want)
		}
	}
}
