package check

import (
	"encoding/json"
	"fmt"
	"strconv"

	"cutover/internal/jsonpath"
)

// wrongFields says which fields of the document in body are not as wanted.
func wrongFields(body string, fields []field) []string {
	document, err := jsonpath.Decode(body)
	if err != nil {
		return []string{"want JSON: " + err.Error()}
	}
	var wrong []string
	for _, f := range fields {
		got, err := f.path.Find(document)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("want %s = %s, but %v", f.path, f.want, err))
		case !equal(got, f.want):
			wrong = append(wrong, fmt.Sprintf("want %s = %s, but it is %s", f.path, f.want, head(written(got), maxExcerpt/2)))
		}
	}
	return wrong
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
