package config_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

func planWith(t *testing.T, strategy string, now release.Running) (release.Plan, error) {
	t.Helper()
	dir := write(t, map[string]string{"cutover.yaml": strings.Replace(minimal, "to: v2", "to: v2, strategy: "+strategy, 1)})
	return load(t, dir).Plan(t.Context(), "shop-v2", now, snapshots(t))
}

func TestAShadowIsTheFirstStepOfACanaryAndTheOnlyOneOfItsOwn(t *testing.T) {
	t.Parallel()
	standard := release.Step{Hold: release.Hold{AtLeast: 5 * time.Minute, AtMost: time.Hour},
		Shadow: &release.Shadow{Share: release.Percent(10), Samples: 500, Tolerance: 0.001}}
	full := release.Step{Hold: release.Hold{AtLeast: time.Hour, AtMost: 2 * time.Hour},
		Shadow: &release.Shadow{Share: release.All, Samples: 40, Headers: []string{"Location"}, Ignore: []string{"$.host", "GET /a *"},
			Tolerance: 0.02, Writes: true, Target: "127.0.0.1:9000"}}
	for text, want := range map[string]struct {
		step  release.Step
		count int
	}{
		"shadow":                         {standard, 1},
		"{type: shadow, shadow: 10%}":    {standard, 1},
		"{type: canary, shadow: {}}":     {standard, 6},
		"{type: blue-green, shadow: {}}": {standard, 2},
		"{type: shadow, shadow: {share: 100%, atLeast: 1h, samples: 40, headers: [Location], ignore: [$.host, GET /a *], tolerance: 2%, writes: true, target: \"127.0.0.1:9000\"}}": {full, 1},
	} {
		p, err := planWith(t, text, serves("v1", release.Blue))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if len(p.Steps) != want.count || !reflect.DeepEqual(p.Steps[0], want.step) {
			t.Errorf("%s: %d steps, the first %+v %+v", text, len(p.Steps), p.Steps[0], p.Steps[0].Shadow)
		}
	}
}

func TestAFirstReleaseCannotBeAShadow(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("from: v1, ", "", "from: v1\n", "", "to: v2", "to: v2, strategy: shadow").Replace(minimal)
	dir := write(t, map[string]string{"cutover.yaml": text})
	_, err := load(t, dir).Plan(t.Context(), "shop-v2", release.Running{}, snapshots(t))
	if err == nil || !strings.Contains(err.Error(), "nothing serves yet, so there is no answer to compare with") {
		t.Errorf("got %v", err)
	}
}
