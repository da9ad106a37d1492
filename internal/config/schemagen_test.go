package config

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/invopop/jsonschema"
)

// kindsOfDocument is reflected to find all definitions at once.
type kindsOfDocument struct {
	App     App     `json:"app"`
	Release Release `json:"release"`
	Policy  Policy  `json:"policy"`
}

// generate makes the schema from the types, their tags and their comments.
func generate(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{Anonymous: true, RequiredFromJSONSchemaTags: true, Mapper: scalarSchema}
	if err := r.AddGoComments("cutover/internal/config", "./"); err != nil {
		t.Fatal(err)
	}
	root := reflect.TypeFor[kindsOfDocument]()
	all := r.ReflectFromType(root)
	s := &jsonschema.Schema{
		Version: all.Version, Title: "cutover", Definitions: all.Definitions,
		Description: "Files that say what stands (App), what changes (Release) and what is demanded (Policy).",
	}
	for _, kind := range fields(root) {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Ref: "#/$defs/" + root.Field(kind.index).Name})
	}
	delete(s.Definitions, root.Name())
	refine(root, s.Definitions, map[reflect.Type]bool{})
	for _, kind := range []string{"AppMetadata", "ReleaseMetadata", "PolicyMetadata"} {
		name, _ := s.Definitions[kind].Properties.Get("name")
		name.Pattern = nameForm.String()
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// refine adds what the tags of this package say beyond invopop's: defaults of
// values with a form of their own, and short forms.
func refine(t reflect.Type, defs jsonschema.Definitions, done map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || scalarSchema(t) != nil || done[t] {
		return
	}
	done[t] = true
	def := defs[t.Name()]
	for _, f := range fields(t) {
		refine(t.Field(f.index).Type, defs, done)
		if def == nil {
			continue
		}
		if p, ok := def.Properties.Get(f.key); ok && f.standard != "" && p.Default == nil {
			p.Default = f.standard
		}
	}
	if s, ok := reflect.New(t).Interface().(shortened); ok {
		short, _ := def.Properties.Get(s.shortKey())
		defs[t.Name()] = &jsonschema.Schema{Description: def.Description, AnyOf: []*jsonschema.Schema{short, def}}
	}
}

// scalarSchema is the form of values that read themselves.
func scalarSchema(t reflect.Type) *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	number := &jsonschema.Schema{Type: "number"}
	list := func(of ...*jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: of}}
	}
	percent := &jsonschema.Schema{Type: "string", Pattern: percentForm.String()}
	switch t {
	case reflect.TypeFor[Text]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, number, {Type: "boolean"}}}
	case reflect.TypeFor[Command]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, list(text, number, &jsonschema.Schema{Type: "boolean"})}}
	case reflect.TypeFor[Duration]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Pattern: `^((\d+d)?(\d+(\.\d+)?(ms|s|m|h))+|\d+d|0)$`}, {Const: 0}}}
	case reflect.TypeFor[Percent]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{percent, {Type: "number", Minimum: "0", Maximum: "100"}}}
	case reflect.TypeFor[Margin]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Pattern: `^(\d{1,3}(\.\d{1,2})?%|0)$`}, {Const: 0}}}
	case reflect.TypeFor[Allowance]():
		return &jsonschema.Schema{Type: "string", Pattern: `^(\d{1,3}(\.\d{1,2})?%|auto)$`}
	case reflect.TypeFor[Slower]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Pattern: `^(\d{1,3}(\.\d{1,2})?%|any|0)$`}, {Const: 0}}}
	case reflect.TypeFor[Ratio]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{percent, {Type: "number", Minimum: "0", Maximum: "1"}}}
	case reflect.TypeFor[Quantity]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Pattern: `^\d+(\.\d+)? ?(%|/s|cores?|[kKMGT]i?B|B|us|µs|ms|s|m|h)?$`}, number}}
	case reflect.TypeFor[Weight]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{percent, {Type: "number", ExclusiveMinimum: "0", Maximum: "1"}}}
	case reflect.TypeFor[Statuses]():
		status := &jsonschema.Schema{Type: "integer", Minimum: "100", Maximum: "599"}
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{status, list(status)}}
	case reflect.TypeFor[Window]():
		return &jsonschema.Schema{Type: "string", Pattern: `^(\S+ )?\d\d:\d\d-\d\d:\d\d UTC$`}
	case reflect.TypeFor[RuntimeType]():
		return choices(runtimes)
	case reflect.TypeFor[Driver]():
		return choices(drivers)
	case reflect.TypeFor[StrategyType]():
		return choices(strategies)
	}
	return nil
}

func choices(words []string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}
