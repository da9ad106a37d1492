package config

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

const flaggedShop = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web: {command: [shop]}
    mailer: {type: worker, command: [mail]}
  flags:
    NEW_MAPS: {component: web, environment: {variable: FEATURE_MAPS, on: "true"}}
    digest:   {component: mailer, environment: FEATURE_DIGEST}
    search:   {file: flags.json}
    related:  {file: {path: flags.json}, timeout: 2s}
    export:   {http: {url: "http://127.0.0.1:9000/{{flag}}", headers: {Authorization: file:token}}, retries: 1}
    import:   {command: [./switch, "{{flag}}", "{{state}}"]}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to: v2
`

func loadFlagged(t *testing.T, replace ...string) (string, *Bundle, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "shop.yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(flaggedShop)), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Loader{}.Load(t.Context(), path)
	return dir, b, err
}

func TestFlagsAreReadWithTheWayEachIsTold(t *testing.T) {
	t.Parallel()
	dir, b, err := loadFlagged(t)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(context.Background(), "shop-v2", release.Running{}, noFiles{})
	if err != nil {
		t.Fatal(err)
	}
	usual := func(f release.Flag) release.Flag {
		f.Timeout, f.Retries, f.Pause = 10*time.Second, 3, time.Second
		return f
	}
	file := &release.FlagFile{Path: filepath.Join(dir, "flags.json"), Format: release.FlagsPlain, Mode: 0o600}
	related := usual(release.Flag{Name: "related", File: file})
	related.Timeout = 2 * time.Second
	export := usual(release.Flag{Name: "export", HTTP: &release.FlagRequest{Method: "POST", URL: "http://127.0.0.1:9000/{{flag}}",
		Headers: map[string]string{"Authorization": "file:" + filepath.Join(dir, "token")}}})
	export.Retries = 1
	want := []release.Flag{
		usual(release.Flag{Name: "NEW_MAPS", Component: "web", Environment: &release.FlagVariable{Variable: "FEATURE_MAPS", On: "true", Off: "false", Components: []string{""}}}),
		usual(release.Flag{Name: "digest", Component: "mailer", Environment: &release.FlagVariable{Variable: "FEATURE_DIGEST", Off: "false", Components: []string{"mailer"}}}),
		export,
		usual(release.Flag{Name: "import", Command: &release.FlagCommand{Args: []string{"./switch", "{{flag}}", "{{state}}"}, Dir: dir}}),
		related,
		usual(release.Flag{Name: "search", File: file}),
	}
	if !reflect.DeepEqual(p.Flags, want) {
		t.Errorf("it has\n%+v, want\n%+v", p.Flags, want)
	}
}

func TestAFileWithTheVersionInItsPathIsThatVersionsOwn(t *testing.T) {
	t.Parallel()
	dir, b, err := loadFlagged(t, "{file: flags.json}", "{file: \"flags-{{version}}.json\"}")
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(context.Background(), "shop-v2", release.Running{}, noFiles{})
	if err != nil {
		t.Fatal(err)
	}
	search := p.Flags[len(p.Flags)-1]
	if want := (release.FlagFile{Path: filepath.Join(dir, "flags-v2.json"), Format: release.FlagsPlain, Mode: 0o600, Version: "v2"}); search.Name != "search" || *search.File != want {
		t.Errorf("it has %+v, want %+v", search.File, want)
	}
	if p.Component != "web" {
		t.Errorf("the component with users is %q", p.Component)
	}
}

func TestAComponentThatStaysCannotReadTheFileOfTheVersionThatComesIn(t *testing.T) {
	t.Parallel()
	change := []string{"  to: v2", "  components: [web]\n  to: v2"}
	_, _, err := loadFlagged(t, append(change, "{file: flags.json}", "{file: \"flags-{{version}}.json\"}")...)
	if err == nil || !strings.Contains(err.Error(), "mailer would stay with the file of flags of the version before") || !strings.Contains(err.Error(), "add mailer to the components that change") {
		t.Errorf("it is answered %v", err)
	}
	if _, _, err := loadFlagged(t, change...); err != nil {
		t.Errorf("with a file for all versions: %v", err)
	}
}

func TestMistakesInFlagsAreNamedWithTheirCure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{"{file: flags.json}", "{}", "one of environment, file, http and command"},
		{"{file: flags.json}", "{file: a.json, command: [x]}", "one of environment, file, http and command"},
		{"component: mailer", "component: maler", `did you mean "mailer"?`},
		{"environment: FEATURE_DIGEST", "environment: FEATURE_MAPS", "uses the variable FEATURE_MAPS already"},
		{"environment: FEATURE_DIGEST", `environment: "A B"`, "cannot be the variable"},
		{"environment: FEATURE_DIGEST", "environment: CUTOVER_X", "cannot be the variable"},
		{"environment: FEATURE_DIGEST", "environment: {variable: X, off: file:/secret}", "cannot be a reference"},
		{"environment: FEATURE_DIGEST", "environment: {variable: X, on: no, off: no}", "the same value on and off"},
		{"{path: flags.json}", "{path: flags.json, mode: 0640}", "shares this file"},
		{"{path: flags.json}", "{path: other.json, mode: 0777}", "no permission bits"},
		{"{path: flags.json}", "{path: other.json, mode: 0400}", "no permission bits"},
		{"{path: flags.json}", "{path: other.json, mode: rw}", "no permission bits"},
		{"{path: flags.json}", "{path: other.json, format: yaml}", "format"},
		{"{path: flags.json}", "{path: \"{{side}}.json\"}", "the placeholders here are {{version}}"},
		{"{path: flags.json}", "{path: flags/}", "this is a folder"},
		{"http://127.0.0.1:9000/{{flag}}", "127.0.0.1:9000", "not an http or https address"},
		{"http://127.0.0.1:9000/{{flag}}", "http://h/{{flg}}", "did you mean {{flag}}?"},
		{"http://127.0.0.1:9000/{{flag}}", "http://ann:geheim@h/", "has a secret in it"},
		{"http://127.0.0.1:9000/{{flag}}", "http://h/?token=geheim", "has a secret in it"},
		{"{{state}}", "{{stat}}", "did you mean {{state}}?"},
		{"retries: 1", "retries: 1000", "the most is 100"},
		{"timeout: 2s", "timeout: 0", "more than 0"},
		{"search:", "\"se arch\":", "not the name of a flag"},
		{"{file: flags.json}", "{flie: flags.json}", `did you mean "file"?`},
	} {
		_, _, err := loadFlagged(t, c.old, c.new)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "shop.yaml:") {
			t.Errorf("%s: %v, want %q and its place", c.new, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the secret is shown: %v", c.new, err)
		}
	}
}

func TestAPlainSecretInAHookIsWarnedOf(t *testing.T) {
	t.Parallel()
	_, b, err := loadFlagged(t, "Authorization: file:token", "Authorization: Bearer-abc")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Lint(b) {
		if f.ID == "plain-secret" && strings.Contains(f.Path, "export") {
			return
		}
	}
	t.Errorf("it found %v", Lint(b))
}
