package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is one key of a group.
type field struct {
	key   string
	index int
	rules
}

// rules is what a jsonschema tag demands of a value. The same tag makes the
// schema for editors.
type rules struct {
	required bool
	// standard is the value of a key that was not written.
	standard string
	// example stands in the cure for a missing key.
	example  string
	enum     []string
	min, max *int
}

type fieldList []field

// fields lists the keys of a group in the order of their declaration.
func fields(t reflect.Type) fieldList {
	var list fieldList
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		list = append(list, field{key, i, readRules(t.Field(i).Tag)})
	}
	return list
}

func (l fieldList) find(key string) (field, bool) {
	for _, f := range l {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

func (l fieldList) keys() []string {
	keys := make([]string, len(l))
	for i, f := range l {
		keys[i] = f.key
	}
	return keys
}

func readRules(tag reflect.StructTag) rules {
	r := rules{standard: tag.Get("default"), example: tag.Get("example")}
	for word := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "required":
			r.required = true
		case "default":
			r.standard = value
		case "enum":
			r.enum = append(r.enum, value)
		case "minimum":
			r.min = number(value)
		case "maximum":
			r.max = number(value)
		}
	}
	return r
}

func number(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("config: a tag has a limit that is not a number: " + text)
	}
	return &n
}

func (r rules) allows(word string) bool { return slices.Contains(r.enum, word) }

// outside says how n breaks the limits, "" if it does not.
func (r rules) outside(n int) string {
	switch {
	case r.min != nil && n < *r.min:
		return fmt.Sprintf("%d is too small, the least is %d", n, *r.min)
	case r.max != nil && n > *r.max:
		return fmt.Sprintf("%d is too large, the most is %d", n, *r.max)
	}
	return ""
}

// fillDefaults sets v, and every group within it, to what applies when
// nothing is written.
func fillDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return
	}
	for _, f := range fields(v.Type()) {
		in := v.Field(f.index)
		fillDefaults(in)
		if f.standard != "" {
			setDefault(in, f.standard)
		}
	}
}

// setDefault panics for a default that does not suit its field: that is a
// mistake in this package, and every test would show it.
func setDefault(v reflect.Value, text string) {
	if t, ok := v.Addr().Interface().(texted); ok {
		if err := t.fromText(text); err != nil {
			panic(fmt.Sprintf("config: default %q: %v", text, err))
		}
		return
	}
	if s, ok := v.Addr().Interface().(shortened); ok {
		f, _ := fields(v.Type()).find(s.shortKey())
		setDefault(v.Field(f.index), text)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		v.SetInt(int64(*number(text)))
	default:
		panic("config: no default can be set for a " + v.Kind().String())
	}
}
