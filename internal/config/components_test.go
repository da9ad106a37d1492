package config_test

import (
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/release"
)

const team = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web: {command: ["./shop", "--version", "{{version}}"], health: {path: /health}}
    worker: {type: worker, replicas: 2, command: [./work], env: {QUEUE: "tasks-{{side}}"}}
    beat: {type: singleton, command: [./beat], health: {command: [./ask, "{{port}}"]}}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: {version: v2, components: {worker: {env: {LEVEL: high}}}}
`

// planTeam plans the release for what runs.
func planTeam(t *testing.T, files string, now release.Running) release.Plan {
	t.Helper()
	p, err := load(t, write(t, map[string]string{"cutover.yaml": files})).Plan(t.Context(), "shop", now, snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func companion(t *testing.T, p release.Plan, name string) release.Companion {
	t.Helper()
	for _, c := range p.Companions {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no %s in %+v", name, p.Companions)
	return release.Companion{}
}

func TestWorkersAndSingletonsArePlannedWithTheirOverlap(t *testing.T) {
	t.Parallel()
	p := planTeam(t, team, release.Running{})
	if len(p.Companions) != 2 || p.Replicas != 1 || p.To.Artefact.Command[0] != "./shop" {
		t.Fatalf("%+v", p)
	}
	worker, beat := companion(t, p, "worker"), companion(t, p, "beat")
	if worker.Overlap != release.Together || worker.Replicas != 2 || worker.From.Version != "" || worker.To.Side != p.To.Side || !worker.To.Artefact.Health.Running {
		t.Errorf("%+v", worker)
	}
	env := map[string]string{}
	for _, v := range worker.To.Artefact.Env {
		env[v.Name] = v.Value
	}
	if env["QUEUE"] != "tasks-{{side}}" || env["LEVEL"] != "high" || len(p.To.Artefact.Env) != 0 {
		t.Errorf("worker %v, web %v", env, p.To.Artefact.Env)
	}
	if beat.Overlap != release.Never || strings.Join(beat.To.Artefact.Health.Command, " ") != "./ask {{port}}" || beat.To.Artefact.Health.Running {
		t.Errorf("%+v", beat)
	}
}

func TestTheNextReleaseTakesEveryComponentToTheOtherSide(t *testing.T) {
	t.Parallel()
	first := planTeam(t, team, release.Running{})
	now := release.Standing{Plan: first}.Running()
	p := planTeam(t, strings.ReplaceAll(team, "v2", "v3"), now)
	for _, c := range p.Companions {
		if c.From.Version != "v2" || c.To.Version != "v3" || c.From.Side != p.From.Side || c.To.Side != p.To.Side || c.Stays() {
			t.Errorf("%+v", c)
		}
	}
	if got := p.Before(); got.Serves.Version != "v2" || len(got.Companions) != 2 {
		t.Errorf("before the release %+v ran", got)
	}
}

func TestAComponentThatTakesNoPartStaysAsItIs(t *testing.T) {
	t.Parallel()
	now := release.Standing{Plan: planTeam(t, team, release.Running{})}.Running()
	files := strings.ReplaceAll(team, "v2", "v3") + "  components: [web, worker]\n"
	p := planTeam(t, files, now)
	if beat := companion(t, p, "beat"); !beat.Stays() || beat.To.Version != "v2" {
		t.Errorf("%+v", beat)
	}
	// It is out of step from then on, and still never on one side twice.
	after := planTeam(t, strings.ReplaceAll(team, "v2", "v4"), release.Standing{Plan: p}.Running())
	if beat := companion(t, after, "beat"); beat.From.Side == beat.To.Side || beat.To.Version != "v4" {
		t.Errorf("%+v", beat)
	}
}

func TestAComponentThatIsGoneFromTheFileGoesWithTheRelease(t *testing.T) {
	t.Parallel()
	now := release.Standing{Plan: planTeam(t, team, release.Running{})}.Running()
	lines := strings.Split(strings.ReplaceAll(team, "v2", "v3"), "\n")
	var kept []string
	for _, l := range lines {
		if !strings.HasPrefix(l, "    beat:") {
			kept = append(kept, l)
		}
	}
	p := planTeam(t, strings.Join(kept, "\n"), now)
	if beat := companion(t, p, "beat"); beat.To.Version != "" || beat.From.Version != "v2" || beat.Overlap != release.Never {
		t.Errorf("%+v", beat)
	}
}

func TestComponentsThatDoNotFitTogetherAreRefused(t *testing.T) {
	t.Parallel()
	for says, change := range map[string][2]string{
		"web and worker serve the users, and one can":            {"type: worker", "type: web"},
		"none of the components serves the users":                {"web: {command", "web: {type: worker, command"},
		"a singleton runs once, not 2 times":                     {"type: singleton", "type: singleton, replicas: 2"},
		`"scheduler" is not one of`:                              {"type: singleton", "type: scheduler"},
		`"wroker" is no worker or singleton of the app`:          {"components: {worker: {env", "components: {wroker: {env"},
		"web, which serves the users, is not among them":         {"  to: {", "  components: [worker]\n  to: {"},
		`"beet" is no component of the app; did you mean "beat"`: {"  to: {", "  components: [web, worker, beet]\n  to: {"},
		"worker depends on {{side}}, and users change sides":     {"  to: {", "  components: [web, beat]\n  to: {"},
		"{{files}} is not a placeholder":                         {"[./ask, \"{{port}}\"]", "[./ask, \"{{files}}\"]"},
		"a path and a command say two things at once":            {"health: {command:", "health: {path: /, command:"},
	} {
		if !strings.Contains(team, change[0]) {
			t.Fatalf("the file lacks %q", change[0])
		}
		err := refused(t, strings.Replace(team, change[0], change[1], 1))
		if !strings.Contains(err, says) {
			t.Errorf("%q: %s", says, err)
		}
	}
}

// refused returns why a file cannot be loaded.
func refused(t *testing.T, file string) string {
	t.Helper()
	_, err := config.Load(t.Context(), write(t, map[string]string{"cutover.yaml": file}))
	if err == nil {
		t.Errorf("the file was accepted:\n%s", file)
		return ""
	}
	return err.Error()
}
