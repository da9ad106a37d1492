package schematest

import (
	"path/filepath"
	"runtime"
	"testing"

	"cutover/internal/schema"
	"cutover/internal/schema/file"
)

// Example loads one of examples/schema/changes by its name.
func Example(t *testing.T, name string) schema.Change {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	c, err := file.Load(filepath.Join(filepath.Dir(here), "../../../examples/schema/changes", name+".yaml"))
	if err != nil {
		t.Fatalf("loading an example: %v", err)
	}
	return c
}

// fill takes a change to where new code may start.
func (d Database) fill(t *testing.T, c schema.Change) {
	t.Helper()
	must(t, "expand", d.Engine.Expand(t.Context(), c))
	must(t, "expand again", d.Engine.Expand(t.Context(), c))
	must(t, "backfill", d.Engine.Backfill(t.Context(), c, schema.Position{}, nil))
	must(t, "backfill again", d.Engine.Backfill(t.Context(), c, schema.Position{}, nil))
	d.shows(t, c, schema.World{Expanded: true, Filled: true})
}

// contract takes it to its end.
func (d Database) contract(t *testing.T, c schema.Change) {
	t.Helper()
	must(t, "contract", d.Engine.Contract(t.Context(), c))
	must(t, "contract again", d.Engine.Contract(t.Context(), c))
	d.shows(t, c, schema.World{Expanded: true, Filled: true, Contracted: true})
}

// revert takes it back, and fails unless the shape is what it was.
func (d Database) revert(t *testing.T, c schema.Change, before string) {
	t.Helper()
	must(t, "revert", d.Engine.Revert(t.Context(), c))
	must(t, "revert again", d.Engine.Revert(t.Context(), c))
	d.isShaped(t, before)
}

func (d Database) isShaped(t *testing.T, want string) {
	t.Helper()
	if got := d.Shape(t); got != want {
		t.Errorf("the schema is\n%s\nwant\n%s", got, want)
	}
}

func (d Database) shows(t *testing.T, c schema.Change, want schema.World) {
	t.Helper()
	got, err := d.Engine.Observe(t.Context(), c)
	must(t, "observe", err)
	if got != want {
		t.Fatalf("the world shows %+v, want %+v", got, want)
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
