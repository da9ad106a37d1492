// Package jsonpath finds one value in a JSON document and compares it with what
// a person wrote in a file.
package jsonpath

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Path leads to one value in a JSON document: "$.result[0].name". Names that
// are no plain words stand in brackets and quotes: "$['first name']".
type Path struct {
	text  string
	steps []step
}

// step is the name of a field, or the index of an element if name is false.
type step struct {
	field bool
	name  string
	index int
}

// Parse reads a path. The error says which character is not understood.
func Parse(text string) (Path, error) {
	p := Path{text: text}
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return p, fmt.Errorf("JSON path %q must begin with $, as in $.result[0].name", text)
	}
	for rest != "" {
		var s step
		var err error
		at := len(text) - len(rest)
		if s, rest, err = parseStep(rest); err != nil {
			return p, fmt.Errorf("JSON path %q: %w at character %d; it takes .name, [0] and ['name']", text, err, at+1)
		}
		p.steps = append(p.steps, s)
	}
	return p, nil
}

func parseStep(text string) (step, string, error) {
	if rest, ok := strings.CutPrefix(text, "."); ok {
		end := strings.IndexAny(rest, ".['\"]")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return step{}, "", errors.New("a name is missing")
		}
		return step{field: true, name: rest[:end]}, rest[end:], nil
	}
	rest, ok := strings.CutPrefix(text, "[")
	if !ok {
		return step{}, "", errors.New("it is not understood")
	}
	if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
		name, after, ok := strings.Cut(rest[1:], rest[:1]+"]")
		if !ok {
			return step{}, "", errors.New("the quoted name does not end")
		}
		return step{field: true, name: name}, after, nil
	}
	number, after, ok := strings.Cut(rest, "]")
	if !ok {
		return step{}, "", errors.New("the bracket does not close")
	}
	index, err := strconv.Atoi(number)
	if err != nil || index < 0 {
		return step{}, "", fmt.Errorf("%q is no index", number)
	}
	return step{index: index}, after, nil
}

// String returns the path as it was written.
func (p Path) String() string { return p.text }

// Find returns the value the path leads to in a document that Decode has read.
// The error says which part of the path leads nowhere.
func (p Path) Find(document any) (any, error) {
	value, so := document, "$"
	for _, s := range p.steps {
		if s.field {
			object, ok := value.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("%s is no object", so)
			}
			if value, ok = object[s.name]; !ok {
				return nil, fmt.Errorf("%s has no field %q", so, s.name)
			}
			so += "." + s.name
			continue
		}
		array, ok := value.([]any)
		if !ok {
			return nil, fmt.Errorf("%s is no array", so)
		}
		if s.index >= len(array) {
			return nil, fmt.Errorf("%s has %d elements, none with index %d", so, len(array), s.index)
		}
		value = array[s.index]
		so += fmt.Sprintf("[%d]", s.index)
	}
	return value, nil
}

// Decode reads exactly one document and leaves its numbers as written.
func Decode(body string) (any, error) {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the document")
	}
	return document, nil
}

// Equal compares a value with the text that is wanted of it: a string with
// its content, a number with any way of writing it, everything else with its
// JSON.
func Equal(got any, want string) bool {
	if Written(got) == want {
		return true
	}
	number, ok := got.(json.Number)
	if !ok {
		return false
	}
	a, e1 := number.Float64()
	b, e2 := strconv.ParseFloat(want, 64)
	// Large whole numbers are no exact floats: for these only the text counts.
	const exact = 1 << 53
	return e1 == nil && e2 == nil && a == b && a > -exact && a < exact
}

// Written returns a string as it is and everything else as compact JSON.
func Written(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
