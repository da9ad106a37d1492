package file

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzAChangeIsReadOrRefused: what is read passes its own validation, and is
// the same each time.
func FuzzAChangeIsReadOrRefused(f *testing.F) {
	f.Add([]byte("operations:\n- add_column: {table: a, column: {name: b, type: int}}\n"))
	f.Add([]byte("operations: [{sql: {up: \"select 1\"}}]"))
	f.Add([]byte("operations: [{}]"))
	for _, pattern := range []string{"testdata/*.yaml", "testdata/*/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		change, err := Read("x.yaml", text)
		_, again := Read("x.yaml", text)
		if (err == nil) != (again == nil) {
			t.Fatalf("first %v, then %v", err, again)
		}
		if err != nil {
			return
		}
		if err := change.Validate(); err != nil {
			t.Fatalf("read and not valid: %v", err)
		}
	})
}
