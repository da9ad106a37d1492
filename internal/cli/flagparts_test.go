package cli_test

import (
	"strings"
	"testing"

	"cutover/internal/release"
)

const partedApp = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["${MIRROR}", "-port", "{{port}}"]
      health: {path: /, every: 100ms}
    worker:
      type: worker
      command: [sleep, "1000000"]
  config: {env: {VERSION: "{{version}}"}}
  flags:
    search: {file: "flags-{{version}}.json"}
    shared: {file: {path: flags.json}}
    banner: {file: {path: flagd.json, format: flagd}}
    maps:   {environment: {variable: FEATURE_MAPS, on: "yes", off: "no"}}
    export: {http: {url: "${HOOK}/flags/{{flag}}/{{version}}"}}
  traffic: {listen: "${LISTEN}", streamGrace: 1s, streamSpread: 1s}
`

func TestAFeatureIsOffForTheVersionComingInAndBlueKeepsIt(t *testing.T) {
	t.Parallel()
	k := newHook(t)
	h := newHouse(t)
	h.more = append(h.more, "HOOK="+k.URL)
	h.write("app.yaml", partedApp)
	h.write("v1.yaml", strings.NewReplacer("shop-v2", "shop-v1", "to: v2", "to: v1", "from: v1", "").Replace(atOnce))
	h.write("v2.yaml", atOnce)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	for _, flag := range []string{"search", "maps", "banner", "export"} {
		out := h.must(0, "disable", flag, "--version", "v2", "-m", "not yet")
		if !strings.Contains(out, flag+" of shop is off for version v2") {
			t.Errorf("it said %s", out)
		}
	}
	for want, args := range map[string][]string{
		"write a path with {{version}}":              {"disable", "shared", "--version", "v2"},
		"which all components read":                  {"disable", "shared", "--component", "worker"},
		"{{component}} into the url":                 {"disable", "export", "--component", "worker"},
		`no component "wrkr": there are web, worker`: {"disable", "maps", "--component", "wrkr"},
		`"v 2" is no version`:                        {"disable", "maps", "--version", "v 2"},
	} {
		if out := h.must(2, args...); !strings.Contains(out, want) {
			t.Errorf("cutover %v says %s, want %s", args, out, want)
		}
	}
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	h.wantsMaps(map[string]string{"v1": "yes", "v2": "no"})
	if one, two := h.reads("flags-v1.json"), h.reads("flags-v2.json"); one != `{"search":true}` || two != `{"search":false}` {
		t.Errorf("v1 reads %s and v2 %s", one, two)
	}
	if got := h.reads("flagd.json"); !strings.Contains(got, `"defaultVariant":"on","targeting":{"if":[{"or":[{"and":[{"==":[{"var":"version"},"v2"]}]}]},"off"]}`) {
		t.Errorf("flagd reads %s", got)
	}
	if told := k.heard(); len(told) == 0 || told[0].enabled {
		t.Errorf("the hook heard %v", told)
	}
	for command, want := range map[string]string{
		"status": "shop: maps is off for version v2 since", "flags": "version v2", "report shop-v2": "maps for version v2 since",
		"history shop-v1": "flag maps switched off for version v2: not yet",
	} {
		if out := h.must(0, strings.Fields(command)...); !strings.Contains(out, want) {
			t.Errorf("cutover %s does not say %q:\n%s", command, want, out)
		}
	}
	h.must(0, "disable", "maps", "--component", "worker")
	if out := h.must(0, "enable", "maps"); !strings.Contains(out, "is on already") || !strings.Contains(out, "maps stays off for version v2; `cutover enable maps --version v2`") {
		t.Errorf("it said %s", out)
	}
	for _, flag := range []string{"search", "maps", "banner", "export"} {
		h.must(0, "enable", flag, "--version", "v2")
	}
	if two := h.reads("flags-v2.json"); two != `{"search":true}` || strings.Contains(h.reads("flagd.json"), "targeting") {
		t.Errorf("after enable v2 reads %s, and flagd %s", two, h.reads("flagd.json"))
	}
	all, err := h.client().Flags(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all.Flags {
		if on := f.State == "on"; on == (f.Only == release.FlagScope{Component: "worker"}) {
			t.Errorf("after enable %+v", f)
		}
	}
	h.must(0, "audit", "verify")
}

// wantsMaps looks for the variable in every instance, by version.
func (h *house) wantsMaps(want map[string]string) {
	h.t.Helper()
	seen := map[string]bool{}
	for _, p := range h.instances() {
		for version, value := range want {
			if !strings.Contains(p.env, "\x00VERSION="+version+"\x00") {
				continue
			}
			seen[version] = true
			if !strings.Contains(p.env, "\x00FEATURE_MAPS="+value+"\x00") {
				h.t.Errorf("an instance of %s has not FEATURE_MAPS=%s", version, value)
			}
		}
	}
	if len(seen) != len(want) {
		h.t.Errorf("there are instances of %v only", seen)
	}
}
