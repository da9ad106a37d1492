package config_test

import (
	"slices"
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/release"
)

// runtimeFile is an app and its release, with a runtime and a component to fill in.
const runtimeFile = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  runtime: RUNTIME
  components: {web: COMPONENT}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec: {to: TO}
`

func runtimeBundle(t *testing.T, runtime, component, to string) (*config.Bundle, error) {
	t.Helper()
	return config.Parse("shop.yaml", []byte(strings.NewReplacer("RUNTIME", runtime, "COMPONENT", component, "TO", to).Replace(runtimeFile)), t.TempDir())
}

func planOf(t *testing.T, b *config.Bundle) release.Plan {
	t.Helper()
	p, err := b.Plan(t.Context(), "", release.Running{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCommandsOfTheRuntimeBecomePartOfTheVersion(t *testing.T) {
	t.Parallel()
	b, err := runtimeBundle(t, `{type: command, start: [run, "{{instance}}"], stop: "halt '{{instance}}' {{grace}}", list: [ls]}`, "{health: {path: /health}}", "v2")
	if err != nil {
		t.Fatal(err)
	}
	a := planOf(t, b).To.Artefact
	if a.Runtime != "command" || len(a.Command) != 0 || a.Orders == nil || !slices.Equal(a.Orders.Stop, []string{"halt", "{{instance}}", "{{grace}}"}) {
		t.Errorf("%+v, %+v", a, a.Orders)
	}
}

func TestAddressesComeFromTheAppOrTheRelease(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{"v2": "10.0.0.2:80", `{version: v2, addresses: ["10.0.0.9:80"]}`: "10.0.0.9:80"} {
		b, err := runtimeBundle(t, `{type: static, static: {v1: ["10.0.0.1:80"], v2: ["10.0.0.2:80"]}}`, "{replicas: 1}", to)
		if err != nil {
			t.Fatal(err)
		}
		if a := planOf(t, b).To.Artefact; a.Runtime != "static" || !slices.Equal(a.Addresses, []string{want}) {
			t.Errorf("%s: %+v", to, a)
		}
	}
}

func TestARuntimeThatCannotWorkIsNamedWithItsCure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ runtime, component, to, want string }{
		{"{type: command, stop: [x]}", "{replicas: 1}", "v2", "runtime.start: it is missing"},
		{"{type: command, start: [x]}", "{replicas: 1}", "v2", "runtime.stop: it is missing"},
		{"{type: command, start: [x, '{{port}'], stop: [x, '{{porr}}']}", "{replicas: 1}", "v2", "did you mean {{port}}?"},
		{"{type: command, start: [x], stop: [x]}", "{command: [y]}", "v2", "nothing runs this command"},
		{"{type: process, list: [x]}", "{command: [y]}", "v2", "it is for type: command"},
		{"{type: process, static: {v2: ['a:1']}}", "{command: [y]}", "v2", "it is for type: static"},
		{"{type: static, static: {v2: ['a:1'], v3: ['a:1']}}", "{replicas: 1}", "v2", "is an address of v2 too"},
		{"{type: static, static: {v2: ['a']}}", "{replicas: 1}", "v2", "write host:port"},
		{"{type: static, static: {v2: ['a:1', 'a:1']}}", "{replicas: 1}", "v2", "named twice"},
		{"{type: static, static: {v1: ['a:1']}}", "{replicas: 1}", "v2", "v2 has 0 addresses, and the app 1 replicas"},
		{"{type: static, static: {v2: ['a:1']}}", "{health: {command: [x]}}", "v2", "these run elsewhere"},
		{"{type: process}", "{command: [y]}", "{version: v2, addresses: ['a:1']}", "the app's runtime is not static"},
	} {
		if _, err := runtimeBundle(t, c.runtime, c.component, c.to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s %s: %v; want %q", c.runtime, c.component, c.to, err, c.want)
		}
	}
}

func TestAnAdoptionIsAReleaseThatHoldsNothing(t *testing.T) {
	t.Parallel()
	b, err := runtimeBundle(t, "{type: process}", "{command: [sh]}", "v2")
	if err != nil {
		t.Fatal(err)
	}
	sub, err := b.Adoption("shop-adopt", "", "v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(t, sub)
	if p.Release != "shop-adopt" || p.To.Version != "v1" || p.Strategy != release.BlueGreen || p.Settle != 0 || p.Soak.AtLeast != 0 {
		t.Errorf("%+v", p)
	}
	for _, version := range []string{"", "v 1", `v"1`, "v1\n  evil: true"} {
		if _, err := b.Adoption("shop-adopt", "shop", version, nil); err == nil {
			t.Errorf("%q was taken as a version", version)
		}
	}
}
