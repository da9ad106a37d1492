package config

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
)

// Update says that schema.json is to be written anew.
var Update = update

// GenerateSchema makes the schema from the types, their tags and their
// comments. That of scenario files, which is read in a package of its own, is
// given.
func GenerateSchema(t *testing.T, loadForm reflect.Type) []byte {
	t.Helper()
	home := loadForm.PkgPath()
	nameOf := func(of reflect.Type) string {
		switch {
		case of == loadForm:
			return "Load"
		case of.PkgPath() == home:
			return "Load" + strings.ToUpper(of.Name()[:1]) + of.Name()[1:]
		}
		return of.Name()
	}
	r := &jsonschema.Reflector{Anonymous: true, RequiredFromJSONSchemaTags: true, Mapper: scalarSchema, Namer: nameOf}
	if err := r.AddGoComments("cutover/internal/config", "./"); err != nil {
		t.Fatal(err)
	}
	addComments(t, r, home, "../load/file")
	s := &jsonschema.Schema{
		Title: "cutover", Definitions: jsonschema.Definitions{},
		Description: "Files that say what stands (App), what changes (Release), what is demanded (Policy) and how users behave (Load).",
	}
	done := map[reflect.Type]bool{}
	for _, kind := range []reflect.Type{reflect.TypeFor[App](), reflect.TypeFor[Release](), reflect.TypeFor[Policy](), loadForm} {
		all := r.ReflectFromType(kind)
		s.Version = all.Version
		for name, def := range all.Definitions {
			if s.Definitions[name] == nil {
				s.Definitions[name] = def
			}
		}
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Ref: "#/$defs/" + nameOf(kind)})
		refine(kind, s.Definitions, done, nameOf)
	}
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

// addComments adds the comments of types that are not exported, which the
// library passes over.
func addComments(t *testing.T, r *jsonschema.Reflector, home, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if group, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range group.Fields.List {
					if text := strings.Join(strings.Fields(f.Doc.Text()), " "); text != "" && len(f.Names) == 1 {
						r.CommentMap[home+"."+spec.Name.Name+"."+f.Names[0].Name] = text
					}
				}
			}
			return false
		})
	}
}

// refine adds what the tags of this package say beyond invopop's: defaults of
// values with a form of their own, and short forms.
func refine(t reflect.Type, defs jsonschema.Definitions, done map[reflect.Type]bool, nameOf func(reflect.Type) string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || scalarSchema(t) != nil || done[t] {
		return
	}
	done[t] = true
	def := defs[nameOf(t)]
	for _, f := range fields(t) {
		refine(t.Field(f.index).Type, defs, done, nameOf)
		if def == nil {
			continue
		}
		if p, ok := def.Properties.Get(f.key); ok && f.standard != "" && p.Default == nil {
			p.Default = f.standard
		}
	}
	if key, ok := shortFormOf(reflect.New(t).Elem()); ok {
		short, _ := def.Properties.Get(key)
		defs[nameOf(t)] = &jsonschema.Schema{Description: def.Description, AnyOf: []*jsonschema.Schema{short, def}}
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
