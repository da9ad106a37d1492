package config

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Setting is one key of a release or its app with the value that counts.
type Setting struct {
	// Kind is App or Release: the document the key belongs in.
	Kind string `json:"kind"`
	// Path is the key as a file would have it, such as "spec.drain.wait".
	Path string `json:"path"`
	// Value is written as in a file; "" means that there is none. Values that
	// look secret are hidden.
	Value string `json:"value"`
	// Default says that no file sets it.
	Default bool `json:"default"`
}

// Settings lists every setting of a release, named by its own name or its
// app's, and of its app, in the order the documentation has.
func (b *Bundle) Settings(name string) ([]Setting, error) {
	r, err := b.Release(name)
	if err != nil {
		return nil, err
	}
	app, ok := b.App(r.Metadata.App)
	if !ok {
		return nil, fmt.Errorf("list the settings of %s: there is no app %q in these files", r.Metadata.Name, r.Metadata.App)
	}
	list := settings{kind: "App", doc: app.doc}
	list.add("spec", reflect.ValueOf(app.Spec))
	of := settings{kind: "Release", doc: r.doc, idle: r.Spec.idle()}
	of.add("spec", reflect.ValueOf(r.Spec))
	return append(list.found, of.found...), nil
}

// idle lists the groups that do not count beside what was chosen.
func (s ReleaseSpec) idle() []string {
	list := []string{"spec.strategy.rolling"}
	switch s.Strategy.Type {
	case "rolling":
		list = []string{"spec.strategy.steps", "spec.strategy.hold"}
	case "shadow":
		list = append(list, "spec.strategy.steps", "spec.strategy.hold", "spec.strategy.soak", "spec.strategy.standby")
	}
	for i, c := range s.Checks.Smoke {
		at := element("spec.checks.smoke", i)
		if c.HTTP == nil {
			list = append(list, at+".expect")
		} else {
			list = append(list, at+".run", at+".shell")
		}
	}
	return list
}

type settings struct {
	kind  string
	doc   *document
	idle  []string
	found []Setting
}

func (s *settings) add(path string, v reflect.Value) {
	if slices.Contains(s.idle, path) {
		return
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	_, plain := v.Interface().(fmt.Stringer)
	switch {
	case plain:
		s.put(path, fmt.Sprint(v.Interface()))
	case v.Kind() == reflect.Struct:
		for _, f := range fields(v.Type()) {
			s.add(join(path, f.key), v.Field(f.index))
		}
	case v.Kind() == reflect.Map:
		s.addMap(path, v)
	case v.Kind() == reflect.Slice && v.Len() > 0 && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			s.add(element(path, i), v.Index(i))
		}
	case v.Kind() == reflect.Slice:
		s.put(path, listText(v))
	default:
		s.put(path, fmt.Sprint(v.Interface()))
	}
}

func (s *settings) addMap(path string, v reflect.Value) {
	if v.Type().Elem().Kind() != reflect.Struct && v.Len() == 0 {
		s.put(path, "")
	}
	all := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		all[k.String()] = v.MapIndex(k)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		at := entry(path, name)
		if value := all[name]; value.Kind() == reflect.String && looksSecret(name, value.String()) {
			s.put(at, "(hidden)")
		} else {
			s.add(at, value)
		}
	}
}

func (s *settings) put(path, value string) {
	s.found = append(s.found, Setting{Kind: s.kind, Path: path, Value: mask(value), Default: !s.doc.has(path) && !s.doc.has(heir(path))})
}

var stepHold = regexp.MustCompile(`^spec\.strategy\.steps\[\d+\]\.hold\.`)

// heir is the key a step's hold is taken from where it says nothing itself.
func heir(path string) string { return stepHold.ReplaceAllString(path, "spec.strategy.hold.") }

func listText(v reflect.Value) string {
	texts := make([]string, v.Len())
	for i := range texts {
		texts[i] = fmt.Sprint(v.Index(i).Interface())
	}
	return strings.Join(texts, ", ")
}
