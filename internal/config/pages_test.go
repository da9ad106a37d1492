package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/release"
)

// pagesIn plans the smallest release with these pages beside its file.
func pagesIn(t *testing.T, traffic string, files map[string]string) (*release.Pages, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Replace(minimal, `listen: "127.0.0.1:8080"`, `listen: "127.0.0.1:8080", `+traffic, 1)
	if text == minimal {
		t.Fatal("the smallest file has another traffic now")
	}
	b, err := config.Parse("x.yaml", []byte(text), dir)
	if err != nil {
		return nil, err
	}
	p, err := b.Plan(t.Context(), b.Releases[0].Metadata.Name, serves("v1", release.Green), kept{})
	return p.Front.Pages, err
}

// kept forgets content and gives it a name.
type kept struct{}

func (kept) Save(name string, content []byte) (release.File, error) {
	return release.File{Name: name}, nil
}

func TestPagesGoWithThePlan(t *testing.T) {
	got, err := pagesIn(t, "pages: {error: e.html, maintenance: m.json}", map[string]string{"e.html": "<p>{{status}}</p>", "m.json": `{"status": {{status}}}`})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Error != (release.Page{Text: "<p>{{status}}</p>"}) || *got.Maintenance != (release.Page{JSON: true, Text: `{"status": {{status}}}`}) {
		t.Errorf("got %+v and %+v", got.Error, got.Maintenance)
	}
}

func TestWhatCannotBeServedIsRefusedWithItsCure(t *testing.T) {
	for want, c := range map[string]struct{ traffic, page string }{
		"neither .html nor .json":     {"pages: {error: e.txt}", ""},
		"the page cannot be read":     {"pages: {error: none.html}", ""},
		"a page may have 65536":       {"pages: {error: e.html}", strings.Repeat("a", 65<<10)},
		"is not UTF-8":                {"pages: {error: e.html}", "\xff"},
		"is not a placeholder":        {"pages: {error: e.html}", "{{address}}"},
		"is not JSON":                 {"pages: {error: e.json}", "{{{status}}"},
		"is not the path of a folder": {"assets: {paths: [/static]}", ""},
		"is not a network":            {"trust: [somewhere]", ""},
		"is not between 1s and 1h":    {"limits: {idle: 2h}", ""},
		"is not between 1s and 24h":   {"limits: {bodyIdle: 1ms}", ""},
	} {
		_, err := pagesIn(t, c.traffic, map[string]string{"e.html": c.page, "e.json": c.page})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", c.traffic, err, want)
		}
	}
}
