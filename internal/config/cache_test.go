package config

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cutover/internal/release"
)

const cachingShop = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components: {web: {command: [shop]}}
  cache:
    redis: {address: "127.0.0.1:6379"}
    namespaces:
      data: {prefix: "shop:{{generation}}:", env: CACHE_PREFIX, format: "3"}
      sessions: {prefix: "session:{{generation}}:", env: SESSIONS}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
`

func loadCaching(t *testing.T, replace ...string) (*Bundle, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(cachingShop)), 0o600); err != nil {
		t.Fatal(err)
	}
	return Loader{}.Load(t.Context(), path)
}

type noFiles struct{}

func (noFiles) Save(string, []byte) (release.File, error) { return release.File{}, nil }

// cachePlan plans the release over what an earlier one has left.
func cachePlan(t *testing.T, now release.Running, replace ...string) (release.Plan, error) {
	t.Helper()
	b, err := loadCaching(t, replace...)
	if err != nil {
		t.Fatal(err)
	}
	return b.Plan(context.Background(), "shop-v2", now, noFiles{})
}

func cachingBefore() release.Running {
	gen := func(prefix, format string) release.Generation {
		return release.Generation{Number: 1, Prefix: prefix, Format: format}
	}
	return release.Running{
		Serves: release.Target{Version: "v1", Side: release.Blue},
		Cache: release.Cache{Redis: release.Redis{Address: "127.0.0.1:6379"}, Namespaces: []release.Namespace{
			{Name: "data", To: gen("shop:1:", "2")}, {Name: "sessions", To: gen("session:1:", "1")}}},
		Generations: map[string]int{"data": 4, "sessions": 1},
	}
}

func TestANamespaceIsBumpedWhereItsFormatChangedAndKeptElsewhere(t *testing.T) {
	t.Parallel()
	p, err := cachePlan(t, cachingBefore())
	if err != nil {
		t.Fatal(err)
	}
	data, sessions := p.Cache.Namespaces[0], p.Cache.Namespaces[1]
	if data.Kept() || data.From.Prefix != "shop:1:" || data.To.Prefix != "shop:5:" {
		t.Errorf("data: %+v, want a number that was never used", data)
	}
	if !sessions.Kept() {
		t.Errorf("sessions: %+v", sessions)
	}
	env := map[string]string{}
	for _, v := range p.To.Artefact.Env {
		env[v.Name] = v.Value
	}
	if env["CACHE_PREFIX"] != "shop:5:" || env["SESSIONS"] != "session:1:" {
		t.Errorf("the instances are told %v", env)
	}
	again, err := cachePlan(t, p.Before())
	if err != nil || !slices.Equal(again.Cache.Namespaces, p.Cache.Namespaces) {
		t.Errorf("planned again for what was before: %+v, %v", again.Cache, err)
	}
}

func TestAReleaseSaysWhatIsKeptAndBumped(t *testing.T) {
	t.Parallel()
	p, err := cachePlan(t, cachingBefore(), "to: v2", "to: v2\n  cache: {keep: [data], bump: [sessions]}")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Cache.Namespaces[0].Kept() || p.Cache.Namespaces[1].To.Prefix != "session:2:" {
		t.Errorf("%+v", p.Cache.Namespaces)
	}
	if _, err := cachePlan(t, cachingBefore(), "shop:{{generation}}:", "x:{{generation}}:", "to: v2", "to: v2\n  cache: {keep: [data]}"); err == nil || !strings.Contains(err.Error(), "what is kept has the prefix") {
		t.Errorf("another prefix for what is kept: %v", err)
	}
}

func TestAnotherRedisBeginsAnew(t *testing.T) {
	t.Parallel()
	p, err := cachePlan(t, cachingBefore(), "127.0.0.1:6379", "127.0.0.1:6380")
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Cache.Namespaces[1]; n.From.Prefix != "" || n.To.Number != 2 {
		t.Errorf("%+v", n)
	}
}

func TestAGenerationIsNotTakenFromAComponentThatGoesOn(t *testing.T) {
	t.Parallel()
	now := cachingBefore()
	now.Companions = []release.Companion{{Name: "mailer", Replicas: 1, To: release.Target{Version: "v1", Side: release.Blue}}}
	_, err := cachePlan(t, now, "{web: {command: [shop]}}", "{web: {command: [shop]}, mailer: {type: worker, command: [mail]}}", "to: v2", "to: v2\n  components: [web]")
	if err == nil || !strings.Contains(err.Error(), "mailer would go on with the old generation") {
		t.Errorf("%v", err)
	}
}

func TestMistakesInACacheAreNamedWithTheirCure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{"shop:{{generation}}:", "shop:", "the prefix has no {{generation}}"},
		{"shop:{{generation}}:", "shop:{{generation}}", "begin like those of 10"},
		{"session:{{generation}}:", "shop:{{generation}}:x:", "could begin with the prefix"},
		{"session:{{generation}}:", "shop:{{generation}}:", "could begin with the prefix"},
		{"env: SESSIONS", "env: CACHE_PREFIX", "in the same variable"},
		{"env: SESSIONS", "env: a b", "cannot be the variable"},
		{`{address: "127.0.0.1:6379"}`, `{address: "redis://:pw@127.0.0.1:6379"}`, "host:port, not a URL"},
		{`{address: "127.0.0.1:6379"}`, `{address: "127.0.0.1:6379", password: geheim}`, "stored with every release"},
		{`{address: "127.0.0.1:6379"}`, `{db: 1}`, "not said where Redis is"},
		{"to: v2", "to: v2\n  cache: {bump: [dta]}", `did you mean "data"?`},
		{"to: v2", "to: v2\n  cache: {bump: [data], keep: [data]}", "kept and bumped"},
		{"to: v2", "to: v2\n  cache: {warm: {}}", "no warm-up to repeat"},
		{"to: v2", "to: {version: v2, env: {CACHE_PREFIX: mine}}", "is set elsewhere too"},
	} {
		_, err := loadCaching(t, c.old, c.new)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.new, err, c.want)
		}
	}
	if _, err := loadCaching(t, "shop:{{generation}}:", "s1:{{generation}}:", "session:{{generation}}:", "s2:{{generation}}:"); err != nil {
		t.Errorf("prefixes that never overlap: %v", err)
	}
}
