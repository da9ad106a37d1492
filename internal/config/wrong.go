package config

import (
	"reflect"
	"strconv"
	"strings"
)

// unknown reports a key that does not exist and says what was probably meant:
// a key with a similar name, which it returns, or the place where this key
// belongs.
func (d decoder) unknown(p pair, path string, known fieldList) (similar string) {
	cure := ""
	if similar = nearest(p.key, known.keys()); similar != "" {
		cure = `did you mean "` + similar + `"?`
	} else if other := elsewhere(d.doc.root, p.key); len(other) > 0 {
		cure = `"` + p.key + `" belongs in ` + oneOf(other)
	} else {
		cure = "the keys here are " + strings.Join(known.keys(), ", ")
	}
	d.doc.source.report(p.line, p.column, entry(path, p.key), "there is no such key", cure)
	return similar
}

// elsewhere returns the groups, as paths, that have the key.
func elsewhere(t reflect.Type, key string) []string {
	var found []string
	walkKeys(t, "", func(path, k string) {
		if k == key && len(found) < 3 {
			found = append(found, path)
		}
	})
	return found
}

// walkKeys calls visit with every group a type has and every key in it.
// Names of a person's choice appear as NAME.
func walkKeys(t reflect.Type, path string, visit func(path, key string)) {
	if t == nil {
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		walkKeys(t.Elem(), path, visit)
	case reflect.Slice:
		walkKeys(t.Elem(), path+"[]", visit)
	case reflect.Map:
		walkKeys(t.Elem(), join(path, "NAME"), visit)
	case reflect.Struct:
		for _, f := range fields(t) {
			visit(path, f.key)
			walkKeys(t.Field(f.index).Type, join(path, f.key), visit)
		}
	}
}

// wrongKind reports a value of another kind than the key takes, in a
// person's words and with the form that would do.
func (d decoder) wrongKind(n *node, path string, v reflect.Value) {
	reason := "it must be " + form(v) + ", but this is " + n.describe()
	cure := "write " + form(v)
	switch {
	case v.Kind() == reflect.String && n.kind.scalar():
		cure = `put it in quotes: "` + n.text + `"`
	case wanted(v) == numberKind && n.quoted && digits(n.text):
		cure = "remove the quotes"
	case wanted(v) == numberKind && digits(n.text):
		cure = "write digits only, such as 3"
	case wanted(v) == truthKind && n.kind == textKind:
		cure = "write true or false, without quotes"
	case wanted(v) == listKind && n.kind.scalar():
		cure = "put it in brackets: [" + mask(printable(n.text)) + "]"
	}
	d.doc.report(path, reason, cure)
}

func digits(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// form words what a value is written as.
func form(v reflect.Value) string {
	if w, ok := v.Addr().Interface().(interface{ form() string }); ok {
		return w.form()
	}
	switch wanted(v) {
	case mappingKind:
		if v.Kind() == reflect.Map {
			return "a group of name: value"
		}
		if short, ok := shortFormOf(v); ok {
			return "one value (" + short + ") or a group of keys (" + strings.Join(fields(v.Type()).keys(), ", ") + ")"
		}
		return "a group of keys (" + strings.Join(fields(v.Type()).keys(), ", ") + ")"
	case listKind:
		return "a list"
	case truthKind:
		return "true or false"
	case numberKind:
		if v.Kind() == reflect.Int {
			return "a whole number"
		}
		return "a number"
	}
	return "text"
}
