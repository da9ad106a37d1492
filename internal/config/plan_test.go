package config_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/config"
	"cutover/internal/release"
	"cutover/internal/snapshot"
)

// load reads a folder that must be in order.
func load(t *testing.T, dir string) *config.Bundle {
	t.Helper()
	b, err := config.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func snapshots(t *testing.T) *snapshot.Folder {
	t.Helper()
	f, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func serves(version string, side release.Side) release.Running {
	return release.Running{Serves: release.Target{Version: version, Side: side, Digest: "abc", Artefact: release.Artefact{Command: []string{"old"}}}}
}

func TestTheMinimalFilesMakeAWholePlan(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"cutover.yaml": minimal})
	got, err := load(t, dir).Plan(t.Context(), "shop", serves("v1", release.Green), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	hold := release.Hold{AtLeast: time.Minute, AtLeastRequests: 100, AtMost: time.Hour}
	want := release.Plan{
		Release: "shop-v2", App: "shop", From: serves("v1", release.Green).Serves,
		To: release.Target{Version: "v2", Side: release.Blue, Artefact: release.Artefact{
			Command: []string{"./shop-{{version}}", "--port", "{{port}}"}, Dir: dir,
			Health: release.Health{Every: time.Second, Timeout: 2 * time.Second, Failures: 3},
			Stop:   release.Stop{Signal: "TERM", Grace: 30 * time.Second},
		}},
		Component: "web", Replicas: 1,
		Front: release.Front{Listen: "127.0.0.1:8080", Path: "/", StreamGrace: 5 * time.Minute, StreamSpread: 30 * time.Second,
			Hold: release.Holding{AtMost: 10 * time.Second, Requests: 1000}, Limits: release.DefaultLimits},
		Strategy:    release.Canary,
		Steps:       []release.Step{{Weight: 500, Hold: hold}, {Weight: 1000, Hold: hold}, {Weight: 2500, Hold: hold}, {Weight: 5000, Hold: hold}, {Weight: release.All, Hold: hold}},
		ReadyWithin: 2 * time.Minute, Settle: 2 * time.Second,
		Soak:    release.Hold{AtLeast: 5 * time.Minute, AtLeastRequests: 100, AtMost: time.Hour},
		Standby: 24 * time.Hour,
		Drain:   release.Drain{Wait: 30 * time.Second, OnTimeout: release.DrainPause},
		Pace:    release.Fixed,
		Guard:   release.Guard{FalseAlarms: 0.001, Slower: 0.05, WarmUp: 5 * time.Second, Outage: 0.02, MinRequests: 50, MaxRestarts: 2, OnFailure: release.Rollback},
		Tries:   release.Tries{Most: 5, Pause: time.Second, MaxPause: time.Minute},
	}
	text, err := json.Marshal(want.To.Artefact)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	want.To.Digest = hex.EncodeToString(sum[:])
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestTheFirstReleaseOfAnAppBringsInBlue(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"cutover.yaml": strings.Replace(minimal, "from: v1, ", "", 1)})
	p, err := load(t, dir).Plan(t.Context(), "", release.Running{}, snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	if !p.First() || p.To.Side != release.Blue {
		t.Errorf("from %+v to side %s; want nothing and blue", p.From, p.To.Side)
	}
}

func TestAPlanIsRefusedWhenSomethingElseServes(t *testing.T) {
	t.Parallel()
	b := load(t, write(t, map[string]string{"cutover.yaml": minimal}))
	for want, now := range map[string]release.Running{
		"spec.from: it says v1, but v0 serves":                            serves("v0", release.Blue),
		"spec.from: it says v1, but nothing serves yet; remove spec.from": {},
	} {
		_, err := b.Plan(t.Context(), "shop", now, snapshots(t))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cutover.yaml:11:14") {
			t.Errorf("%v; want it to say %q and where", err, want)
		}
	}
	b = load(t, write(t, map[string]string{"cutover.yaml": strings.Replace(minimal, "from: v1, ", "", 1)}))
	if _, err := b.Plan(t.Context(), "shop", serves("v2", release.Blue), snapshots(t)); err == nil || !strings.Contains(err.Error(), "v2 serves already") {
		t.Errorf("%v; want it to say that v2 serves already", err)
	}
}

const full = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web: {command: "./shop --port {{port}}", dir: "releases/{{version}}", replicas: 4, health: {path: /h, every: 3s, timeout: 4s, failures: 5}, stop: {signal: INT, grace: 2m}}
  config: {env: {A: app, B: "{{app}}-{{version}}", N: 3, T: true, SECRET: "file:secret-{{version}}", TOKEN: env:TOKEN}, envFile: "env/{{version}}.env", files: [b.conf, a.conf]}
  traffic: {listen: ":80", hosts: [shop.example], path: /s, affinity: {header: X-User, cookie: sid}, privateGreen: "127.0.0.1:81", streamGrace: 1m, streamSpread: 1s, hold: {atMost: 2s, requests: 7}, limits: {headerBytes: 2048, headers: 50, headerTime: 2s, bodyIdle: 3s, bodyBytes: 4096, idle: 5s, connections: 6}, trust: [10.0.0.0/8], assets: {paths: [/static/]}}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: r, app: shop}
spec:
  to: {version: "2.10", env: {A: release}, files: [c.conf]}
  strategy: {type: canary, pace: adaptive, holdback: 2.5%, steps: [0.5, {weight: 20%, hold: {atLeastRequests: 7}}, {weight: 100, hold: 2h}], hold: {atLeast: 1m, atLeastRequests: 5, atMost: 10m}, soak: 0s, standby: 2d}
  ready: {within: 5m, settle: 1s}
  checks:
    smoke:
      - {http: {path: /x, method: POST, headers: {Authorization: file:token, X-A: b}, body: hi}, expect: {status: [200, 201], json: {$.a: 1}, regexp: ok, latency: 1s}, retries: 1, every: 2s, timeout: 3s}
      - {name: script, run: "echo $CUTOVER_URL", shell: true}
  guard: {falseAlarms: 1%, slower: any, warmUp: 1m, outage: 10%, minRequests: 1, margin: 2.5%, maxRestarts: 0, onFailure: pause}
  drain: {wait: 1m, onTimeout: force}
  tries: {most: 3, pause: 2s, maxPause: 4s}
---
apiVersion: cutover/v1
kind: Policy
metadata: {name: p}
spec: {windows: {allow: ["Sat 02:00-05:00 UTC"]}}
---
apiVersion: cutover/v1
kind: Policy
metadata: {name: others}
spec: {appliesTo: {apps: [other]}, windows: {allow: ["03:00-04:00 UTC"]}, require: {minStandby: 30d}}
`

func TestAnAdaptivePaceBringsItsOwnDefaults(t *testing.T) {
	t.Parallel()
	i := strings.LastIndex(minimal, "spec:")
	text := minimal[:i] + strings.Replace(minimal[i:], "{", "{strategy: {pace: adaptive}, ", 1)
	p, err := load(t, write(t, map[string]string{"cutover.yaml": text})).Plan(t.Context(), "shop", serves("v1", release.Blue), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	hold := release.Hold{AtLeast: 10 * time.Second, AtMost: 30 * time.Minute}
	want := []release.Step{{Weight: 500, Hold: hold}, {Weight: 2500, Hold: hold}, {Weight: release.All, Hold: hold}}
	if p.Pace != release.Adaptive || p.Holdback != 500 || !reflect.DeepEqual(p.Steps, want) {
		t.Errorf("pace %s, holdback %s, steps %+v", p.Pace, p.Holdback, p.Steps)
	}
	if p.Soak != (release.Hold{AtLeast: 5 * time.Minute, AtMost: 30 * time.Minute}) {
		t.Errorf("soak %s", p.Soak)
	}
}

func TestEverySettingReachesThePlan(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"cutover.yaml": full, "releases/2.10/x": "", "env/2.10.env": "# c\nE=1\n", "c.conf": "c",
	})
	keep := snapshots(t)
	p, err := load(t, dir).Plan(t.Context(), "r", serves("2.9", release.Blue), keep)
	if err != nil {
		t.Fatal(err)
	}
	a := p.To.Artefact
	want := release.Artefact{
		Command: []string{"./shop", "--port", "{{port}}"}, Dir: filepath.Join(dir, "releases/2.10"),
		Env: []release.EnvVar{
			{Name: "A", Value: "release"}, {Name: "B", Value: "{{app}}-{{version}}"}, {Name: "N", Value: "3"},
			{Name: "SECRET", Ref: "file:" + dir + "/secret-2.10"}, {Name: "T", Value: "true"}, {Name: "TOKEN", Ref: "env:TOKEN"},
		},
		EnvFile: release.File{Name: "2.10.env", Digest: snapshot.Digest([]byte("# c\nE=1\n")), Bytes: 8},
		Files:   []release.File{{Name: "c.conf", Digest: snapshot.Digest([]byte("c")), Bytes: 1}},
		Health:  release.Health{Path: "/h", Every: 3 * time.Second, Timeout: 4 * time.Second, Failures: 5},
		Stop:    release.Stop{Signal: "INT", Grace: 2 * time.Minute},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("artefact\n%+v\nwant\n%+v", a, want)
	}
	if content, err := keep.Read(a.Files[0].Digest); err != nil || string(content) != "c" {
		t.Errorf("the snapshot of c.conf is %q, %v", content, err)
	}
	p.From, p.To = release.Target{}, release.Target{}
	if wantPlan := fullPlan(dir); !reflect.DeepEqual(p, wantPlan) {
		t.Errorf("plan\n%+v\nwant\n%+v", p, wantPlan)
	}
}

func fullPlan(dir string) release.Plan {
	const m = time.Minute
	return release.Plan{
		Release: "r", App: "shop", Component: "web", Replicas: 4,
		Front: release.Front{
			Listen: ":80", Hosts: []string{"shop.example"}, Path: "/s", Sticky: release.Sticky{Header: "X-User", Cookie: "sid"},
			PrivateListen: "127.0.0.1:81", StreamGrace: m, StreamSpread: time.Second,
			Hold:   release.Holding{AtMost: 2 * time.Second, Requests: 7},
			Limits: release.Limits{HeaderBytes: 2048, Headers: 50, HeaderTime: 2 * time.Second, BodyIdle: 3 * time.Second, BodyBytes: 4096, Idle: 5 * time.Second, Connections: 6},
			Trust:  []string{"10.0.0.0/8"}, Assets: []string{"/static/"},
		},
		Strategy: release.Canary,
		Steps: []release.Step{
			{Weight: 50, Hold: release.Hold{AtLeast: m, AtLeastRequests: 5, AtMost: 10 * m}},
			{Weight: 2000, Hold: release.Hold{AtLeast: m, AtLeastRequests: 7, AtMost: 10 * m}},
			{Weight: release.All, Hold: release.Hold{AtLeast: 120 * m, AtLeastRequests: 5, AtMost: 240 * m}},
		},
		ReadyWithin: 5 * m, Settle: time.Second,
		Checks: []release.Check{
			{Name: "POST /x", Retries: 1, Every: 2 * time.Second, Timeout: 3 * time.Second, HTTP: &release.HTTPCheck{
				Method: "POST", Path: "/x", Headers: map[string]string{"Authorization": "file:" + dir + "/token", "X-A": "b"}, Body: "hi",
				Status: []int{200, 201}, JSON: map[string]string{"$.a": "1"}, Regexp: "ok", MaxLatency: time.Second,
			}},
			{Name: "script", Retries: 2, Every: time.Second, Timeout: 5 * time.Second,
				Command: &release.CommandCheck{Args: []string{"sh", "-c", "echo $CUTOVER_URL"}, Dir: dir}},
		},
		Soak:    release.Hold{AtMost: 30 * m},
		Standby: 48 * time.Hour,
		Drain:   release.Drain{Wait: m, OnTimeout: release.DrainForce},
		Pace:    release.Adaptive, Holdback: 250,
		Guard: release.Guard{FalseAlarms: 0.01, Slower: release.AnySlower, WarmUp: time.Minute, Outage: 0.1, MinRequests: 1, Margin: 0.025, OnFailure: release.Pause},
		Gates: []release.Window{{Days: []time.Weekday{time.Saturday}, From: 2 * time.Hour, To: 5 * time.Hour}},
		Tries: release.Tries{Most: 3, Pause: 2 * time.Second, MaxPause: 4 * time.Second},
	}
}

func TestBlueGreenHasOneStepAndRollingHasNone(t *testing.T) {
	t.Parallel()
	for strategy, check := range map[string]func(release.Plan) bool{
		"blue-green": func(p release.Plan) bool {
			return p.Strategy == release.BlueGreen && len(p.Steps) == 1 && p.Steps[0].Weight == release.All && p.Rolling == release.Rolling{}
		},
		"{type: rolling, rolling: {delay: 1s, maxFailureRatio: 30%, onFailure: pause}}": func(p release.Plan) bool {
			return p.Strategy == release.RollingUpdate && p.Steps == nil &&
				p.Rolling == release.Rolling{Parallelism: 1, Delay: time.Second, Monitor: 5 * time.Second, MaxFailureRatio: 0.3, OnFailure: release.Pause}
		},
	} {
		dir := write(t, map[string]string{"cutover.yaml": strings.Replace(minimal, "to: v2", "to: v2, strategy: "+strategy, 1)})
		p, err := load(t, dir).Plan(t.Context(), "shop-v2", serves("v1", release.Blue), snapshots(t))
		if err != nil || !check(p) {
			t.Errorf("%s: %v, steps %+v, rolling %+v", strategy, err, p.Steps, p.Rolling)
		}
	}
}

func TestARestatedCommandWinsWithItsOwnShell(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "to: v2", `to: {version: v2, command: "a | b", shell: true, dir: .}`, 1)
	dir := write(t, map[string]string{"cutover.yaml": text})
	p, err := load(t, dir).Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err != nil || !reflect.DeepEqual(p.To.Artefact.Command, []string{"sh", "-c", "a | b"}) {
		t.Errorf("command %q, %v", p.To.Artefact.Command, err)
	}
}

func TestFilesThatAVersionNeedsMustBeThere(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"cutover.yaml": full, "env/2.10.env": "E=1\nDB_PASSWORD hunter2\n",
	})
	b := load(t, dir)
	_, err := b.Plan(t.Context(), "r", serves("2.9", release.Blue), snapshots(t))
	problems, ok := errors.AsType[config.Problems](err)
	if !ok || len(problems) != 3 {
		t.Fatalf("%v; want three problems", err)
	}
	for _, want := range []string{
		"cutover.yaml:6:", "there is no folder " + dir + "/releases/2.10",
		"cutover.yaml:14:", "there is no file " + dir + "/c.conf",
		"2.10.env:2:1: spec.config.envFile: the line has no =", "write NAME=value",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant it to say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the message shows a line of the file: %v", err)
	}
}

func TestALargeFileIsRefused(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "  traffic:", "  config: {files: [big]}\n  traffic:", 1)
	dir := write(t, map[string]string{"cutover.yaml": text, "big": strings.Repeat("x", 1<<20+1)})
	_, err := load(t, dir).Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err == nil || !strings.Contains(err.Error(), "more than 1 MiB") {
		t.Errorf("%v; want it to say that the file is too large", err)
	}
}

func TestTheDigestFollowsWhatRuns(t *testing.T) {
	t.Parallel()
	digest := func(text string) string {
		dir := t.TempDir()
		b, err := config.Parse("x.yaml", []byte(text), dir)
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
		if err != nil {
			t.Fatal(err)
		}
		a := p.To.Artefact
		a.Dir = ""
		d, err := config.Digest(a)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	same := digest(minimal)
	if again := digest(minimal); again != same {
		t.Errorf("the same files have the digests %s and %s", same, again)
	}
	if other := digest(strings.Replace(minimal, "--port", "--listen", 1)); other == same {
		t.Error("another command has the same digest")
	}
	if other := digest(strings.Replace(minimal, "to: v2", "to: v2, drain: {wait: 9s}", 1)); other != same {
		t.Error("what does not run changed the digest")
	}
}

func TestAReleaseIsFoundByItsNameOrItsApps(t *testing.T) {
	t.Parallel()
	second := strings.NewReplacer("shop-v2", "docs-v2", "name: shop", "name: docs", "app: shop", "app: docs").Replace(minimal)
	b, err := config.Parse("x.yaml", []byte(minimal+"---\n"+second), "/srv")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"shop": "shop-v2", "shop-v2": "shop-v2", "docs": "docs-v2"} {
		if r, err := b.Release(name); err != nil || r.Metadata.Name != want {
			t.Errorf("Release(%q): %v; want %s", name, err, want)
		}
	}
	for name, want := range map[string]string{"": "the files have 2; name one of shop-v2, docs-v2", "x": `find the release "x"`} {
		if _, err := b.Release(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Release(%q): %v; want it to say %q", name, err, want)
		}
	}
	if _, err := (&config.Bundle{}).Release(""); err == nil || !strings.Contains(err.Error(), "kind: Release") {
		t.Errorf("no release: %v", err)
	}
}
