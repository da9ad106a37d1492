package check

import (
	"fmt"

	"cutover/internal/jsonpath"
)

// field is a place in a JSON document and the value it must have.
type field struct {
	path jsonpath.Path
	want string
}

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
		case !jsonpath.Equal(got, f.want):
			wrong = append(wrong, fmt.Sprintf("want %s = %s, but it is %s", f.path, f.want, head(jsonpath.Written(got), maxExcerpt/2)))
		}
	}
	return wrong
}
