package endpoint

import (
	"math"
	"testing"

	"cutover/internal/jsonpath"
	"cutover/internal/signal"
)

// FuzzAnAnswerIsANumberOrAnError: an app may answer anything.
func FuzzAnAnswerIsANumberOrAnError(f *testing.F) {
	f.Add(`{"a":{"b":[1,"2.5"]}}`, "$.a.b[1]", "$.a.b[0]", true)
	f.Add(`{"a":1e999}`, "$.a", "$", false)
	f.Add(`nothing`, "$", "$", false)
	f.Fuzz(func(t *testing.T, body, value, of string, rest bool) {
		v, errV := jsonpath.Parse(value)
		o, errO := jsonpath.Parse(of)
		if errV != nil || errO != nil {
			return
		}
		var got, again signal.Reading
		p := paths{value: v, of: o, both: true}
		err, errAgain := p.read(body, rest, &got), p.read(body, rest, &again)
		same := got.Value == again.Value || math.IsNaN(got.Value) && math.IsNaN(again.Value)
		if (err == nil) != (errAgain == nil) || !same {
			t.Fatalf("read %+v, %v, then %+v, %v", got, err, again, errAgain)
		}
	})
}
