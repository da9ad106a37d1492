package file

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cutover/internal/schema"
)

// written collects which fields of the vocabulary a value says something in.
func written(v reflect.Value, said map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			written(v.Elem(), said)
		}
	case reflect.Slice:
		for i := range v.Len() {
			written(v.Index(i), said)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				said[v.Type().Name()+"."+v.Type().Field(i).Name] = true
				written(v.Field(i), said)
			}
		}
	}
}

// fields lists all of them.
func fields(t reflect.Type, out map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		fields(t.Elem(), out)
	case reflect.Struct:
		for i := range t.NumField() {
			name := t.Name() + "." + t.Field(i).Name
			if !out[name] {
				out[name] = true
				fields(t.Field(i).Type, out)
			}
		}
	}
}

func TestTheFilesSayEverythingTheVocabularyHas(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.[yj]*")
	if err != nil {
		t.Fatal(err)
	}
	kinds, said, all := map[string]bool{}, map[string]bool{}, map[string]bool{}
	versioned := false
	for _, path := range paths {
		c, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		versioned = versioned || c.VersionSchema != ""
		for _, op := range c.Operations {
			kinds[op.Kind()] = true
			written(reflect.ValueOf(op), said)
			fields(reflect.TypeOf(op), all)
		}
	}
	for kind := range decoders {
		if !kinds[kind] {
			t.Errorf("no file has the operation %s", kind)
		}
	}
	// What only cutover has, or what is its own way to say something, is
	// tested where it is carried out.
	for field := range all {
		if !said[field] && field != "AlterColumn.As" {
			t.Errorf("no file says %s", field)
		}
	}
	if !versioned {
		t.Error("no file has a version_schema")
	}
}

func TestTheColumnsOfAnIndexAreReadInEachFormThereHasBeen(t *testing.T) {
	t.Parallel()
	for written, want := range map[string][]schema.IndexColumn{
		`[a, {column: b, opclass: int8_ops}]`:                     {{Column: "a"}, {Column: "b", Opclass: schema.Opclass{Name: "int8_ops"}}},
		`{z: {sort: DESC}, a: {opclass: {name: x, params: [p]}}}`: {{Column: "z", Sort: "DESC"}, {Column: "a", Opclass: schema.Opclass{Name: "x", Params: []string{"p"}}}},
	} {
		c, err := Parse([]byte("operations: [{create_index: {name: i, table: t, columns: " + written + "}}]"))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Operations[0].(schema.CreateIndex).Columns; !reflect.DeepEqual(got, want) {
			t.Errorf("%s was read as %+v", written, got)
		}
	}
	for wrong, want := range map[string]string{`a`: "line 1", `{a: {srot: ASC}}`: "srot", `[{column: a, opclass: {nam: x}}]`: "nam"} {
		_, err := Parse([]byte("operations: [{create_index: {name: i, table: t, columns: " + wrong + "}}]"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestAnOperationThatIsWrongIsFoundByItsLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte("operations:\n  - drop_table: {name: t}\n  - set_replica_identity:\n      table: t\n      identity: {type: indx}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "line 4: operation 2, set_replica_identity") {
		t.Errorf("got %v", err)
	}
}
