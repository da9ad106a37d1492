package jsonpath

import "testing"

// FuzzAPathLeadsToOneValueOrAnError: neither path nor document bring the
// reader down, and what is found can be written.
func FuzzAPathLeadsToOneValueOrAnError(f *testing.F) {
	f.Add("$.a[0]['b c']", `{"a":[{"b c":1.50}]}`, "1.5")
	f.Add("$[999999999999999999999]", `[]`, "")
	f.Add("$", `null`, "null")
	f.Add("$['", `{`, "")
	f.Fuzz(func(t *testing.T, path, body, want string) {
		p, err := Parse(path)
		document, errBody := Decode(body)
		if err != nil || errBody != nil {
			return
		}
		found, err := p.Find(document)
		if err != nil {
			return
		}
		if text := Written(found); !Equal(found, text) {
			t.Fatalf("%q is written %q and not equal to it", found, text)
		}
		Equal(found, want)
	})
}
