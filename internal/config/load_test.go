package config_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/release"
)

// minimal is all that a first upgrade needs.
const minimal = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components: {web: {command: ["./shop-{{version}}", "--port", "{{port}}"]}}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec: {from: v1, to: v2}
`

// write puts files into a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOneFileSeveralFilesAndAFolderSayTheSame(t *testing.T) {
	t.Parallel()
	app, rel, _ := strings.Cut(minimal, "---\n")
	dir := write(t, map[string]string{
		"one/all.yaml": minimal, "two/app.yaml": app, "two/release.yml": rel, "two/notes.txt": "no YAML: {", "two/.hidden.yaml": "{",
	})
	for _, paths := range [][]string{
		{"one/all.yaml"}, {"two/app.yaml", "two/release.yml"}, {"two"}, {"two", "two/app.yaml"}, {"one/../one/all.yaml", "one"},
	} {
		var full []string
		for _, p := range paths {
			full = append(full, dir+"/"+p)
		}
		b, err := config.Load(t.Context(), full...)
		if err != nil {
			t.Errorf("%v: %v", paths, err)
			continue
		}
		if len(b.Apps) != 1 || len(b.Releases) != 1 || b.Releases[0].Spec.To.Version != "v2" {
			t.Errorf("%v: %d apps, %d releases", paths, len(b.Apps), len(b.Releases))
		}
	}
}

func TestFilesThatCannotBeReadAreNamed(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"empty/notes.txt": "x"})
	for want, paths := range map[string][]string{
		"none is named":          {},
		"no such file or folder": {dir + "/gone.yaml"},
		"ends in .yaml or .yml":  {dir + "/empty"},
		"it is not a file":       {os.DevNull},
	} {
		if _, err := config.Load(t.Context(), paths...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want it to say %q", paths, err, want)
		}
	}
	if _, err := config.Load(t.Context(), dir+"/gone.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v; want it to be fs.ErrNotExist", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := config.Load(ctx, dir+"/empty/notes.txt"); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

func TestAllMistakesOfAllFilesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"a.yaml": "apiVersion: cutover/v1\nkind: App\nmetadata: {name: Shop}\nspec:\n  components: {web: {comand: x, replicas: 0}}\n  traffic: {listen: nowhere}\n---\nkind: [\n",
		"b.yaml": "apiVersion: cutover/v1\nkind: Release\nmetadata: {name: r, app: Shop}\nspec: {to: v 2, drain: {wait: 10}}\n",
	})
	_, err := config.Load(t.Context(), dir)
	problems, ok := errors.AsType[config.Problems](err)
	if !ok || len(problems) != 7 {
		t.Fatalf("%d problems; want 7\n%v", len(problems), err)
	}
	last := ""
	for _, p := range problems {
		if at := p.Place.String(); at < last {
			t.Errorf("%s comes after %s", at, last)
		} else {
			last = at
		}
	}
	one, ok := errors.AsType[*config.Problem](err)
	if !ok || one.Path != "metadata.name" {
		t.Errorf("the first problem is %+v; want the one with metadata.name", one)
	}
}

func TestAMessageHasPlaceReasonCureAndExcerpt(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "traffic:", "trafic:", 1)
	_, err := config.Parse("shop.yaml", []byte(text), "/srv")
	const want = `shop.yaml:6:3: spec.trafic: there is no such key; did you mean "traffic"?
    6 |   trafic: {listen: "127.0.0.1:8080"}
      |   ^`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestNoMessageEverShowsASecret(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{
		"env: {DB_PASSWORD: hunter2, DB_PASSWORD: hunter2}", "env: {DB_PASSWORD: [hunter2]}", "env: {DB_PASSWORD: {{hunter2}}",
		"env: {DB-PASSWORD: hunter2}", "env: {DB_PASSWORD: '{{hunter2}}'}", "env: {DB_PASSWORD: \"hunter2}", "evn: {DB_PASSWORD: hunter2}",
		"env: {DB_PASSWORD: 'env:hunter2 x'}", "envFile: 'postgres://u:hunter2@db/{{x}}'",
	} {
		text := strings.Replace(minimal, "  traffic:", "  config: {"+piece+"}\n  traffic:", 1)
		_, err := config.Parse("shop.yaml", []byte(text), "/srv")
		if err == nil {
			t.Errorf("%s is taken", piece)
			continue
		}
		if shown := strings.ReplaceAll(err.Error(), "env:hunter2", ""); strings.Contains(shown, "hunter2") {
			t.Errorf("the secret of %s is shown:\n%v", piece, err)
		}
	}
}

func TestTwoAppsOrReleasesCannotShareAName(t *testing.T) {
	t.Parallel()
	app, rel, _ := strings.Cut(minimal, "---\n")
	again := strings.Replace(rel, "shop-v2", "shop-v3", 1)
	policy := "apiVersion: cutover/v1\nkind: Policy\nmetadata: {name: NAME}\nspec: {windows: {allow: [\"02:00-05:00 UTC\"]}}\n"
	for want, docs := range map[string][]string{
		`the app "shop" is at x.yaml:3:18 already`:                       {app, app, rel},
		`the release "shop-v2" is at x.yaml:10:18 already`:               {app, rel, rel},
		`the app shop has a release at x.yaml:8:1 already`:               {app, rel, again},
		`the policy "p" is at x.yaml:15:18 already`:                      {app, rel, strings.Replace(policy, "NAME", "p", 1), strings.Replace(policy, "NAME", "p", 1)},
		"spec.windows: the app shop has windows by the policy p already": {app, rel, strings.Replace(policy, "NAME", "p", 1), strings.Replace(policy, "NAME", "q", 1)},
	} {
		_, err := config.Parse("x.yaml", []byte(strings.Join(docs, "---\n")), "/srv")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant it to say %q", err, want)
		}
	}
}

func TestChecksThatCannotBePutAreReportedWithTheirPlace(t *testing.T) {
	t.Parallel()
	refuse := config.Loader{Accept: func(c release.Check) error { return errors.New("cannot ask " + c.HTTP.Path) }}
	text := strings.Replace(minimal, "to: v2", "to: v2, checks: {smoke: [{http: /health}]}", 1)
	_, err := refuse.Parse("x.yaml", []byte(text), "/srv")
	if err == nil || !strings.Contains(err.Error(), "x.yaml:11:43: spec.checks.smoke[0]: cannot ask /health") {
		t.Errorf("got %v", err)
	}
}
