package shadow

import (
	"encoding/json"
	"strings"
)

// mapSize is how many keys make an object a map, whose keys are data.
const mapSize = 50

// values compares two JSON values where d stands.
func (d *diff) values(a, b any) {
	if x, ok := a.(string); ok && x == b {
		return
	}
	was, is := class(a), class(b)
	if was != is {
		d.here(Type, was, is)
		return
	}
	switch x := a.(type) {
	case map[string]any:
		d.objects(x, b.(map[string]any))
	case []any:
		d.arrays(x, b.([]any))
	case json.Number:
		if !numbersEqual(x, b.(json.Number)) {
			d.here(Value, was, is)
		}
	default:
		if a != b {
			d.here(Value, was, is)
		}
	}
}

func (d *diff) objects(a, b map[string]any) {
	isMap := len(a) > mapSize || len(b) > mapSize
	for k, x := range a {
		d.at = append(d.at, step(k, isMap))
		if y, ok := b[k]; ok {
			d.values(x, y)
		} else {
			d.here(Missing, class(x), "nothing")
		}
		d.at = d.at[:len(d.at)-1]
	}
	for k, y := range b {
		if _, ok := a[k]; !ok {
			d.at = append(d.at, step(k, isMap))
			d.here(Extra, "nothing", class(y))
			d.at = d.at[:len(d.at)-1]
		}
	}
}

// step writes a key of an object as a part of a path.
func step(key string, isMap bool) string {
	if isMap {
		return ".{key}"
	}
	g := generalised(key)
	if strings.ContainsAny(g, ".[]\" \t\n") {
		return `["` + g + `"]`
	}
	return "." + g
}

func (d *diff) here(k Kind, was, is string) { d.add("$"+strings.Join(d.at, ""), k, was, is) }

// same reports whether two values are equal in everything that counts.
func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			if w, ok := y[k]; !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case json.Number:
		y, ok := b.(json.Number)
		return ok && numbersEqual(x, y)
	}
	return a == b
}
