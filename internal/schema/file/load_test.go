package file_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cutover/internal/schema"
	"cutover/internal/schema/file"
)

func TestAFileInPgrollsFormatLoadsAsItIs(t *testing.T) {
	t.Parallel()
	c, err := file.Parse([]byte(`
operations:
  - create_table:
      name: reviews
      columns:
        - {name: id, type: serial, pk: true}
        - name: rating
          type: int
          check: {name: rating_range, constraint: rating > 0}
        - {name: owner, type: int, references: {name: fk_owner, table: people, column: id, on_delete: CASCADE}}
  - alter_column:
      table: events
      column: name
      type: text
      default: '''unknown event'''
      nullable: false
      comment: null
      unique: {name: events_name_unique}
      check: {name: length, constraint: length(name) > 3}
      up: SELECT CASE WHEN name IS NULL THEN 'placeholder' ELSE name END
      down: name
  - create_index:
      name: by_id
      table: fruits
      columns: [{column: id, sort: DESC, nulls: LAST}]
      predicate: id > 10
  - sql: {up: "SELECT 1", onComplete: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	alter := c.Operations[1].(schema.AlterColumn)
	if alter.Comment == nil || !alter.Comment.Null || alter.Default == nil || alter.Default.Value != "'unknown event'" || *alter.Nullable {
		t.Errorf("alter_column was read as %+v", alter)
	}
	index := c.Operations[2].(schema.CreateIndex)
	if want := []schema.IndexColumn{{Column: "id", Sort: "DESC", Nulls: "LAST"}}; !reflect.DeepEqual(index.Columns, want) {
		t.Errorf("the index has columns %+v, want %+v", index.Columns, want)
	}
	c.Name = "three"
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestJSONLoadsToo(t *testing.T) {
	t.Parallel()
	c, err := file.Parse([]byte(`{"name": "x", "operations": [{"rename_column": {"table": "t", "from": "a", "to": "b"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := (schema.RenameColumn{Table: "t", From: "a", To: "b"}); !reflect.DeepEqual(c.Operations[0], schema.Operation(want)) {
		t.Errorf("got %+v, want %+v", c.Operations[0], want)
	}
}

func TestAChangeWithoutANameHasThatOfItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "007_drop.yaml")
	if err := os.WriteFile(path, []byte("operations: [{drop_table: {name: t}}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := file.Load(path)
	if err != nil || c.Name != "007_drop" {
		t.Errorf("name %q, error %v", c.Name, err)
	}
}

func TestAMistakeIsNamed(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"operations: [{drop_tabel: {name: t}}]":                                  "there is no operation",
		"operations: [{drop_table: {nam: t}}]":                                   "nam",
		"operations: [{drop_table: {name: t}, drop_index: {name: i}}]":           "holds one operation",
		"operations: [{split: {table: t, column: c, into: [], down: a}}]":        "two parts or more",
		"operations: [{add_column: {table: t, column: {name: c, type: int}}}]":   "give an `up` or a default",
		"operations: [{alter_column: {table: t, column: c, nullable: false}}]":   "give an `up`",
		"operations: [{sql: {up: SELECT 1}}]":                                    "no `down`",
		"operations: []":                                                         "no operations",
		"operations: [{rename_column: {table: t, from: a, to: a}}]":              "same",
		"operations: [{create_constraint: {table: t, name: c, type: nonsense}}]": "no type of a constraint",
	} {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(written), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", written, err, want)
		}
	}
}
