package jsonpath_test

import (
	"strings"
	"testing"

	"cutover/internal/jsonpath"
)

func TestAPathLeadsToAValueOrSaysWhereItEnds(t *testing.T) {
	t.Parallel()
	document, err := jsonpath.Decode(`{"result": [{"name": "a", "first name": "b", "count": 10000000000000001}], "none": null}`)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"$.result[0].name":          "a",
		"$.result[0]['first name']": "b",
		"$.result[0].count":         "10000000000000001",
		"$.none":                    "null",
		"$.result[0].nome":          `$.result[0] has no field "nome"`,
		"$.result[1]":               "$.result has 1 elements, none with index 1",
		"$.result.name":             "$.result is no object",
		"$.none[0]":                 "$.none is no array",
		"result":                    "must begin with $",
		"$.":                        "a name is missing at character 2",
		"$[x]":                      `"x" is no index at character 2`,
		"$['a":                      "the quoted name does not end",
	} {
		if got := lookUp(document, path); !strings.Contains(got, want) {
			t.Errorf("%s: %s; want %s", path, got, want)
		}
	}
}

func lookUp(document any, text string) string {
	p, err := jsonpath.Parse(text)
	if err != nil {
		return err.Error()
	}
	v, err := p.Find(document)
	if err != nil {
		return err.Error()
	}
	return jsonpath.Written(v)
}

func TestAValueIsComparedAsAPersonWouldWriteIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[string]bool{
		`"a"`:               {"a": true, `"a"`: false},
		`1`:                 {"1": true, "1.0": true, "2": false},
		`true`:              {"true": true, "false": false},
		`10000000000000001`: {"10000000000000001": true, "10000000000000000": false},
		`[1,2]`:             {"[1,2]": true},
	} {
		v, err := jsonpath.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		for wanted, equal := range want {
			if jsonpath.Equal(v, wanted) != equal {
				t.Errorf("%s and %s: want equal=%v", text, wanted, equal)
			}
		}
	}
	if _, err := jsonpath.Decode(`1 2`); err == nil {
		t.Error("two documents passed for one")
	}
}
