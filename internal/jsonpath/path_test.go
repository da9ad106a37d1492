package jsonpath_test

import (
	"strings"
	"testing"

	"cutover/internal/jsonpath"
)

func TestAPathThatIsNotUnderstoodSaysWhere(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"result": "must begin with $", "$.": "a name is missing at character 2", "$.a[x]": `"x" is no index at character 4`,
		"$[": "the bracket does not close at character 2", "$['a]": "the quoted name does not end at character 2", "$a": "it is not understood at character 2",
	} {
		if _, err := jsonpath.Parse(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", text, err, says)
		}
	}
}

func TestAPathThatLeadsNowhereSaysHowFarItLeads(t *testing.T) {
	t.Parallel()
	document, err := jsonpath.Decode(`{"a":[{"b":1.50}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{"$.a[0].c": `$.a[0] has no field "c"`, "$.a[1]": "$.a has 1 elements", "$.a.b": "$.a is no object", "$.a[0].b[0]": "$.a[0].b is no array"} {
		p, err := jsonpath.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Find(document); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", p, err, says)
		}
	}
	if _, err := jsonpath.Decode(`{} {}`); err == nil {
		t.Error("a second document is overlooked")
	}
}
