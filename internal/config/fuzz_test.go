package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cutover/internal/config"
)

// FuzzParse gives any text to Parse. Whatever it is, the answer is a bundle
// or problems with a place within the text, a reason and a cure, and it is
// the same each time.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{minimal, shop, full, careful, signalsHead + "    watch: [{name: q, http: {url: /s, query: $.q}}]\n    conditions: [green.q < 2.0]\n", "", "---\n---\n", "a: [", "\tb", "a: &x {b: *x}", "{{", "kind: App\napiVersion: cutover/v1\nspec: []", "\r0"} {
		f.Add([]byte(seed))
	}
	examples, err := filepath.Glob("../../examples/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range examples {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := config.Parse("x.yaml", data, "/nowhere")
		again, errAgain := config.Parse("x.yaml", data, "/nowhere")
		if (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
			t.Fatalf("first %v, then %v", err, errAgain)
		}
		if err == nil {
			if !reflect.DeepEqual(b.Apps, again.Apps) {
				t.Fatal("the same text says two things")
			}
			for _, r := range b.Releases {
				if _, err := b.Settings(r.Metadata.Name); err != nil {
					t.Fatal(err)
				}
			}
			config.Lint(b)
			return
		}
		problems, ok := errors.AsType[config.Problems](err)
		if !ok || len(problems) == 0 {
			t.Fatalf("%T without problems: %v", err, err)
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for _, p := range problems {
			if p.Place.File != "x.yaml" || p.Place.Line < 0 || p.Place.Line > lines || p.Reason == "" || p.Cure == "" {
				t.Fatalf("problem %+v in a text of %d lines", p, lines)
			}
		}
	})
}
