package config

import (
	"reflect"
	"strconv"
	"strings"
)

// decoder fills Go values from YAML values and goes on after a mistake: what
// could not be read keeps its default. Keys come from json tags, rules from
// jsonschema tags, so that the files, the schema for editors and the
// messages cannot disagree.
type decoder struct{ doc *document }

// texted is a value that reads itself from one word.
type texted interface{ fromText(text string) error }

// shortened is a group of keys that may be written as one value: that of the
// key it names.
type shortened interface{ shortKey() string }

// listed is a value that may also be written as a list of words.
type listed interface{ fromList(words []Text) }

// value reads n, which was written at path, into v.
func (d decoder) value(n *node, path string, v reflect.Value, r rules) {
	d.doc.places[path] = spot{n.line, n.column}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		fillDefaults(v.Elem())
		v = v.Elem()
	}
	switch {
	case n.kind == emptyKind:
		d.doc.report(path, "there is no value", "write one, or remove the key to get its default")
	case r.required && n.kind == textKind && n.text == "":
		d.doc.report(path, "there is no value", "write "+path[strings.LastIndexByte(path, '.')+1:]+": "+r.example)
	case d.ownForm(n, path, v), d.shortForm(n, path, v):
	case n.kind != wanted(v):
		d.wrongKind(n, path, v)
	case n.kind == mappingKind && v.Kind() == reflect.Map:
		d.mapping(n, path, v)
	case n.kind == mappingKind:
		d.group(n, path, v)
	case n.kind == listKind:
		d.list(n, path, v)
	default:
		d.scalar(n, path, v, r)
	}
}

// wanted is the kind of YAML value that v is written as.
func wanted(v reflect.Value) kind {
	switch v.Kind() {
	case reflect.Struct, reflect.Map:
		return mappingKind
	case reflect.Slice:
		return listKind
	case reflect.Bool:
		return truthKind
	case reflect.Int, reflect.Float64:
		return numberKind
	}
	return textKind
}

// ownForm reads values that know their form themselves.
func (d decoder) ownForm(n *node, path string, v reflect.Value) bool {
	if l, ok := v.Addr().Interface().(listed); ok && n.kind == listKind {
		var words []Text
		d.value(n, path, reflect.ValueOf(&words).Elem(), rules{})
		l.fromList(words)
		return true
	}
	t, ok := v.Addr().Interface().(texted)
	if !ok || !n.kind.scalar() {
		return false
	}
	if err := t.fromText(n.text); err != nil {
		reason, cure := explain(err, "write another value")
		d.doc.report(path, reason, cure)
	}
	return true
}

// shortForm reads one value in place of a group of keys.
func (d decoder) shortForm(n *node, path string, v reflect.Value) bool {
	short, ok := shortFormOf(v)
	if !ok || n.kind == mappingKind {
		return false
	}
	f, _ := fields(v.Type()).find(short)
	in := v.Field(f.index)
	if n.kind == listKind && !takesList(in) {
		return false
	}
	d.value(n, join(path, f.key), in, f.rules)
	return true
}

func takesList(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(listed)
	return ok || v.Kind() == reflect.Slice
}

// group reads a mapping with known keys.
func (d decoder) group(n *node, path string, v reflect.Value) {
	known := fields(v.Type())
	seen, written := map[string]bool{}, map[string]bool{}
	for _, p := range n.pairs {
		f, ok := known.find(p.key)
		if !ok {
			// The key that was meant is not reported as missing as well.
			meant := d.unknown(p, path, known)
			seen[meant] = true
			if meant != "" {
				d.doc.told[join(path, meant)] = true
			}
			continue
		}
		if !d.repeated(p, path, written) {
			seen[p.key] = true
			d.value(p.value, join(path, p.key), v.Field(f.index), f.rules)
		}
	}
	for _, f := range known {
		if f.required && !seen[f.key] {
			s := d.doc.spot(path)
			d.doc.reportAt(s, join(path, f.key), "it is missing", "add "+f.key+": "+f.example)
		}
	}
}

// mapping reads a mapping with keys of a person's choice.
func (d decoder) mapping(n *node, path string, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	seen := map[string]bool{}
	for _, p := range n.pairs {
		if d.repeated(p, path, seen) {
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		fillDefaults(value)
		d.value(p.value, entry(path, p.key), value, rules{})
		v.SetMapIndex(reflect.ValueOf(p.key), value)
	}
}

func (d decoder) list(n *node, path string, v reflect.Value) {
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		fillDefaults(v.Index(i))
		d.value(item, element(path, i), v.Index(i), rules{})
	}
}

func (d decoder) scalar(n *node, path string, v reflect.Value, r rules) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.text)
	case reflect.Bool:
		v.SetBool(n.text == "true" || n.text == "True" || n.text == "TRUE")
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			d.doc.report(path, n.text+" is not a number", "write digits, such as 0.5")
		}
		v.SetFloat(f)
	case reflect.Int:
		i, err := strconv.Atoi(n.text)
		if err != nil {
			d.doc.report(path, n.text+" is not a whole number", "write digits only, such as 3")
			return
		}
		if reason := r.outside(i); reason != "" {
			d.doc.report(path, reason, "write a number in that range")
			return
		}
		v.SetInt(int64(i))
	}
	if v.Kind() == reflect.String && len(r.enum) > 0 && !r.allows(n.text) {
		d.doc.report(path, strconv.Quote(n.text)+" is not one of the choices", meant(n.text, r.enum))
		v.SetString(r.standard)
	}
}

// repeated reports a key that was there before.
func (d decoder) repeated(p pair, path string, seen map[string]bool) bool {
	if !seen[p.key] {
		seen[p.key] = true
		return false
	}
	d.doc.source.report(p.line, p.column, entry(path, p.key), "the key is there twice", "remove one of the two")
	return true
}
