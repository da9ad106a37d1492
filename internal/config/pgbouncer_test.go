package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

const pooledShop = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components: {web: {command: [shop]}}
  database:
    type: postgres
    url: env:DATABASE_URL
    pgbouncer:
      console: env:CONSOLE
      databases: ["shop-{{side}}"]
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
`

func loadPooled(t *testing.T, replace ...string) (*Bundle, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(pooledShop)), 0o600); err != nil {
		t.Fatal(err)
	}
	return Loader{}.Load(t.Context(), path)
}

func serving() release.Running {
	return release.Running{Serves: release.Target{Version: "v1", Side: release.Blue, Digest: "d"}}
}

func TestAPgBouncerIsPlannedWithItsBounds(t *testing.T) {
	t.Parallel()
	b, err := loadPooled(t, "databases:", "pause: {around: [contract, restore], atMost: 3s}\n      databases:")
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "shop-v2", serving(), noFiles{})
	if err != nil {
		t.Fatal(err)
	}
	got := p.Database.Pooler
	if got.Console != "env:CONSOLE" || got.PauseMost != 3*time.Second || got.DrainMost != 30*time.Second || got.File.Path != "" ||
		!slices.Equal(got.Around, []release.ActionKind{release.ActContract, release.ActExchange, release.ActExchangeBack}) {
		t.Errorf("it is planned as %+v", got)
	}
	if names := p.PoolNames(); !slices.Equal(names, []string{"shop-blue", "shop-green"}) {
		t.Errorf("instances ask for %v", names)
	}
	if own := p.PoolOwn(release.Blue); !slices.Equal(own, []string{"shop-blue"}) {
		t.Errorf("blue has %v to itself", own)
	}
}

func TestThePoolsConfigurationGoesWithThePlan(t *testing.T) {
	t.Parallel()
	ini := filepath.Join(t.TempDir(), "pgbouncer.ini")
	if err := os.WriteFile(ini, []byte("[databases]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := loadPooled(t, "databases:", "file: {source: "+ini+", path: "+ini+"}\n      databases:")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := b.Plan(t.Context(), "shop-v2", serving(), noFiles{}); err != nil || p.Database.Pooler.File.Path != ini {
		t.Errorf("%+v, %v", p.Database.Pooler.File, err)
	}
	b, err = loadPooled(t, "databases:", "file: {source: nowhere.ini, path: "+ini+"}\n      databases:")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Plan(t.Context(), "shop-v2", serving(), noFiles{}); err == nil || !strings.Contains(err.Error(), "nowhere.ini") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestAPgBouncerThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for with, want := range map[string]string{
		`databases: []`:                                              "there is none",
		`databases: [pgbouncer]`:                                     "no database of the app",
		`databases: ["{{colour}}"]`:                                  "a placeholder that there is not",
		`databases: [a], application: web`:                           "does not tell the sides apart",
		`databases: [a], pause: {around: [lunch]}`:                   "not one of the choices",
		`databases: [a], pause: {atMost: 2m}`:                        "users would stand still for 2m",
		`databases: [a], file: {source: a, path: pgbouncer.ini}`:     "depends on where cutover was started",
		`databases: [a], drain: -1s`:                                 "drain",
		`databases: [a], console: "postgres://a:b@h:6432/pgbouncer"`: "has a password in it",
	} {
		console := "console: env:CONSOLE, "
		if strings.Contains(with, "console:") {
			console = ""
		}
		_, err := loadPooled(t, "pgbouncer:\n      console: env:CONSOLE\n      databases: [\"shop-{{side}}\"]", "pgbouncer: {"+console+with+"}")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", with, err)
		}
	}
	_, err := loadPooled(t, "type: postgres\n    url: env:DATABASE_URL", "type: sqlite\n    url: shop.db")
	if err == nil || !strings.Contains(err.Error(), "no PgBouncer before a SQLite database") {
		t.Errorf("with SQLite: %v", err)
	}
}
