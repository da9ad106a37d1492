package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cutover/internal/config"
)

// careful is a file that nothing can be said against.
const careful = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["./shop-{{version}}", "--port", "{{port}}"]
      health: {path: /health}
  config:
    env: {SHOP_PASSWORD: env:SHOP_PASSWORD}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
  strategy: {type: canary, hold: 1m}
  checks: {smoke: [{http: /health}]}
`

func TestEachRuleFindsWhatItIsFor(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"plain.env": "# x\nA=1\nDB_PASSWORD=hunter2\n", "refs.env": "DB_PASSWORD=env:X\n", "bad.env": "A B=1\n"})
	for _, c := range []struct{ old, new, want string }{
		{"x-nothing", "", ""},
		{"{path: /health}", "{}", "8:15 no-health-path"},
		{`"127.0.0.1:8080"`, `":8080"`, "11:21 open-to-network"},
		{`"127.0.0.1:8080"`, `"0.0.0.0:8080"`, "11:21 open-to-network"},
		{`"127.0.0.1:8080"`, `"[::]:8080"`, "11:21 open-to-network"},
		{`"127.0.0.1:8080"`, `"10.0.0.1:8080"`, ""},
		{`"127.0.0.1:8080"`, `"127.0.0.1:8080", privateGreen: ":8090"`, "11:53 private-side-open"},
		{`"127.0.0.1:8080"`, `"127.0.0.1:8080", privateGreen: "localhost:8090"`, ""},
		{`"127.0.0.1:8080"`, `"127.0.0.1:8080", affinity: {off: true}`, "11:49 no-affinity"},
		{"env:SHOP_PASSWORD", "hunter2", "10:26 plain-secret"},
		{"SHOP_PASSWORD: env:SHOP_PASSWORD", "DATABASE: 'postgres://shop:hunter2@db/shop'", "10:21 plain-secret"},
		{"SHOP_PASSWORD: env:SHOP_PASSWORD", "KEYBOARD: de, MONKEY: x, PASSAGE: y", ""},
		{`"{{port}}"]`, `"8081"]`, "7:16 fixed-port"},
		{`"--port", "{{port}}"]`, `"--listen=:8081"]`, "7:16 fixed-port"},
		{`"--port", "{{port}}"]`, `"--timeout", "3000", "--db=h:5432"]`, ""},
		{`"{{port}}"]`, `"{{port}}", "|", tee]`, "7:16 shell-signs"},
		{`["./shop-{{version}}", "--port", "{{port}}"]`, `"./shop-{{version}} {{port}} $HOME"`, "7:16 shell-signs"},
		{"./shop-{{version}}", "./shop", "17:7 same-program"},
		{"type: canary", "type: rolling", "18:20 slow-rollback"},
		{"hold: 1m", "standby: 0s", "18:37 no-standby"},
		{"hold: 1m", "hold: {atLeastRequests: 0}", "18:52 no-evidence"},
		{"hold: 1m", "soak: {atLeastRequests: 0}", "18:52 no-evidence"},
		{"hold: 1m", "steps: [5, {weight: 100, hold: {atLeastRequests: 0}}]", "18:77 no-evidence"},
		{"hold: 1m", "hold: {atMost: 0}", "18:43 no-limit"},
		{"  checks: {smoke: [{http: /health}]}\n", "", "16:1 no-smoke-checks"},
		{"{http: /health}", "{http: {path: /, headers: {Authorization: Bearer hunter2}}}", "19:62 plain-secret"},
		{"{http: /health}", "{run: 'a && b'}", "19:26 shell-signs"},
		{"{http: /health}", "{run: 'a && b', shell: true}", ""},
		{"  to: v2", "  guard: {falseAlarms: 10%}\n  to: v2", "17:24 loose-guard"},
		{"hold: 1m", "pace: adaptive", ""},
		{"  to: v2", "  drain: {wait: 5m}\n  to: v2", "17:17 drain-outlasts-grace"},
		{"to: v2", "to: {version: v2, env: {API_TOKEN: hunter2}}", "17:38 plain-secret"},
		{"to: v2", "to: {version: v2, envFile: plain.env}", "plain.env:3:1 plain-secret"},
		{"to: v2", "to: {version: v2, envFile: refs.env}", ""},
		{"to: v2", "to: {version: v2, envFile: bad.env}", "bad.env:1:1 unusable-file"},
		{"to: v2", "to: {version: v2, envFile: gone.env}", "17:30 unusable-file"},
		{"to: v2", "to: {version: v2, files: [gone]}", "17:29 unusable-file"},
		{"to: v2", "to: {version: v2, dir: gone}", "17:26 unusable-file"},
	} {
		b, err := config.Parse("x.yaml", []byte(strings.Replace(careful, c.old, c.new, 1)), dir)
		if err != nil {
			t.Errorf("%s: %v", c.new, err)
			continue
		}
		var got []string
		for _, f := range config.Lint(b) {
			place := strings.TrimPrefix(strings.TrimPrefix(f.Place.String(), "x.yaml:"), dir+"/")
			got = append(got, place+" "+f.ID)
			if f.Reason == "" || f.Cure == "" || (f.Severity == config.Bad) != (f.ID == "unusable-file") {
				t.Errorf("%s: reason, cure or severity are not right: %+v", c.new, f)
			}
			if strings.Contains(fmt.Sprintf("%+v %s", f, f), "hunter2") {
				t.Errorf("%s: the finding shows the secret: %+v", c.new, f)
			}
		}
		if want := strings.Fields(c.want); strings.Join(got, ", ") != strings.Join(want, " ") {
			t.Errorf("with %q in place of %q: found %q; want %q", c.new, c.old, got, c.want)
		}
	}
}

func TestFindingsComeInOrderOfPlace(t *testing.T) {
	t.Parallel()
	b, err := config.Parse("x.yaml", []byte(minimal), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	found := config.Lint(b)
	if len(found) < 2 || !slices.IsSortedFunc(found, func(a, b config.Finding) int { return a.Place.Line - b.Place.Line }) {
		t.Errorf("found %v", found)
	}
}
