package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write schema.json anew")

// schemaFile is what editors read.
const schemaFile = "schema.json"

func TestTheSchemaTakesTheExamples(t *testing.T) {
	t.Parallel()
	schema := compile(t)
	files, err := filepath.Glob("../../examples/*/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d examples: %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, doc := range strings.Split(string(data), "\n---\n") {
			if err := schema.Validate(asJSON(t, doc)); err != nil {
				t.Errorf("%s, document %d: %v", name, i+1, err)
			}
		}
	}
}

func TestTheSchemaRefusesWhatTheDecoderRefuses(t *testing.T) {
	t.Parallel()
	schema := compile(t)
	const good = "apiVersion: cutover/v1\nkind: Release\nmetadata: {name: a, app: b}\nspec: {to: v2, drain: {wait: 30s}, guard: {margin: 1%}}"
	if err := schema.Validate(asJSON(t, good)); err != nil {
		t.Fatalf("the good document: %v", err)
	}
	for _, c := range [][2]string{
		{"drain:", "drian:"}, {"to: v2", "from: v1"}, {"wait: 30s", "wait: 30"}, {"wait: 30s", "wait: 10 minutes"},
		{"wait: 30s", "onTimeout: kill"}, {"kind: Release", "kind: Releases"}, {"cutover/v1", "cutover/v2"},
		{"margin: 1%", "margin: 0.01"}, {"margin: 1%", "maxRestarts: -1"}, {"margin: 1%", "maxRestarts: two"},
		{"to: v2", "to: {command: x}"}, {"to: v2", "to: v2, strategy: sideways"}, {"name: a", "name: A B"},
		{"to: v2", "to: v2, strategy: {steps: [lots]}"}, {"to: v2", "to: v2, checks: {smoke: [{http: {}}]}"},
	} {
		text := strings.Replace(good, c[0], c[1], 1)
		if _, err := Parse("x.yaml", []byte(text+"\n---\n"+appB), "/"); err == nil {
			t.Errorf("the decoder takes %q", c[1])
		}
		if err := schema.Validate(asJSON(t, text)); err == nil {
			t.Errorf("the schema takes %q", c[1])
		}
	}
}

const appB = "apiVersion: cutover/v1\nkind: App\nmetadata: {name: b}\nspec: {components: {web: {command: [x]}}, traffic: {listen: ':80'}}\n"

func asJSON(t *testing.T, doc string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	v, err = validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func compile(t *testing.T) *validator.Schema {
	t.Helper()
	schema, err := validator.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
