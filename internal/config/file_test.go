package config_test

import (
	"strings"
	"testing"

	"cutover/internal/config"
)

// recipe is a document of a kind that this package does not know.
type recipe struct {
	APIVersion string `json:"apiVersion" jsonschema:"required"`
	Kind       string `json:"kind" jsonschema:"required"`
	Spec       struct {
		Time  config.Duration `json:"time" jsonschema:"default=10m"`
		Dough dough           `json:"dough" jsonschema:"required" example:"rye"`
	} `json:"spec"`
}

type dough struct {
	Flour config.Text `json:"flour"`
	Eggs  int         `json:"eggs" jsonschema:"default=2"`
}

// ShortKey implements config.Shortened.
func (dough) ShortKey() string { return "flour" }

func TestAnotherPackagesFileIsReadAsStrictly(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: cutover/v1\nkind: Recipe\nspec:\n"
	var r recipe
	f := config.ParseFile("r.yaml", []byte(head+"  dough: rye\n"), "/kitchen", "Recipe", &r)
	if err := f.Err(); err != nil || r.Spec.Dough != (dough{"rye", 2}) || r.Spec.Time.String() != "10m" {
		t.Errorf("%+v, %v", r, err)
	}
	if !f.Has("spec.dough.flour") || f.Has("spec.time") || f.Absolute("a.csv") != "/kitchen/a.csv" || f.Absolute("file:b") != "file:/kitchen/b" {
		t.Error("what was written, or where, is not known")
	}
	f.Report("spec.dough.eggs", "too many", "take one")
	if err := f.Err(); err == nil || !strings.Contains(err.Error(), "r.yaml:4:10: spec.dough.eggs: too many; take one") {
		t.Errorf("the report is %v", err)
	}
	for text, want := range map[string]string{
		head + "  dough: [a]\n":               "one value (flour) or a group of keys (flour, eggs)",
		head + "  dough: rye\n  tme: 3m\n":    `r.yaml:5:3: spec.tme: there is no such key; did you mean "time"?`,
		head + "  dough: rye\n  time: 3\n":    "r.yaml:5:9: spec.time: 3 has no unit",
		head:                                  "spec",
		"kind: App\n":                         "apiVersion: it is missing",
		head + "  dough: rye\n---\na: b\n":    "r.yaml:6:1: there is another document before this one",
		"apiVersion: cutover/v1\nkind: App\n": `kind: "App" is not known; write Recipe`,
	} {
		var r recipe
		if err := config.ParseFile("r.yaml", []byte(text), "/", "Recipe", &r).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}
