package file

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzAScenarioIsALoadOrAnError: a text never brings the reader down, and
// means the same each time.
func FuzzAScenarioIsALoadOrAnError(f *testing.F) {
	f.Add([]byte("apiVersion: cutover/v1\nkind: Load\nmetadata: {name: x}\nspec: {target: \"http://127.0.0.1:1\"}\n"))
	f.Add([]byte("a: &x [*x]"))
	examples, err := filepath.Glob("../../../examples/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range examples {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := Parse("x.yaml", text, "/nowhere")
		_, again := Parse("x.yaml", text, "/nowhere")
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
			t.Fatalf("first %v, then %v", err, again)
		}
	})
}
