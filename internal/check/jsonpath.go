package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// path leads to one value in a JSON document: "$.result[0].name". Names that
// are no plain words stand in brackets and quotes: "$['first name']".
type path struct {
	text  string
	steps []step
}

// step is the name of a field, or the index of an element if name is false.
type step struct {
	field bool
	name  string
	index int
}

func parsePath(text string) (path, error) {
	p := path{text: text}
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

// find returns the value the path leads to in a decoded document.
func (p path) find(document any) (any, error) {
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

// wrongFields says which fields of the document in body are not as wanted.
func wrongFields(body string, fields []field) []string {
	document, err := decode(body)
	if err != nil {
		return []string{"want JSON: " + err.Error()}
	}
	var wrong []string
	for _, f := range fields {
		got, err := f.path.find(document)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("want %s = %s, but %v", f.path.text, f.want, err))
		case !equal(got, f.want):
			wrong = append(wrong, fmt.Sprintf("want %s = %s, but it is %s", f.path.text, f.want, head(written(got), maxExcerpt/2)))
		}
	}
	return wrong
}

// decode reads exactly one document and leaves its numbers as written.
func decode(body string) (any, error) {
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

// equal compares a value with the text that is wanted of it: a string with
// its content, a number with any way of writing it, everything else with its
// JSON.
func equal(got any, want string) bool {
	if written(got) == want {
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

// written returns a string as it is and everything else as compact JSON.
func written(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
