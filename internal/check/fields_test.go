package check

import (
	"encoding/json"
	"testing"

	"cutover/internal/jsonpath"

	"pgregory.net/rapid"
)

func TestAPathWrittenForAPlaceLeadsThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := "$"
		var document any = "found"
		var steps []func(any) any
		for range rapid.IntRange(0, 6).Draw(t, "depth") {
			if rapid.Bool().Draw(t, "field") {
				name := rapid.StringMatching(`[a-z_-]{1,8}`).Draw(t, "name")
				steps = append(steps, func(inner any) any { return map[string]any{name: inner, "other-" + name: 0} })
				text += rapid.SampledFrom([]string{"." + name, "['" + name + "']", `["` + name + `"]`}).Draw(t, "form")
				continue
			}
			index := rapid.IntRange(0, 3).Draw(t, "index")
			steps = append(steps, func(inner any) any {
				array := make([]any, index+2)
				array[index] = inner
				return array
			})
			text += "[" + string(rune('0'+index)) + "]"
		}
		for i := len(steps) - 1; i >= 0; i-- {
			document = steps[i](document)
		}
		body, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		p, err := jsonpath.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := wrongFields(string(body), []field{{path: p, want: "found"}}); len(wrong) > 0 {
			t.Fatalf("%s in %s: %v", text, body, wrong)
		}
		if wrong := wrongFields(string(body), []field{{path: p, want: "other"}}); len(wrong) != 1 {
			t.Fatalf("%s in %s: another value was let pass", text, body)
		}
	})
}

func TestNoPathAndNoBodyBreaksTheReader(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, err := jsonpath.Parse("$" + rapid.StringMatching(`[.\[\]'"a0-9$ -]{0,12}`).Draw(t, "path"))
		if err != nil {
			return
		}
		wrongFields(rapid.OneOf(rapid.StringMatching(`[\[\]{}":,a0-9-]{0,20}`), rapid.String()).Draw(t, "body"), []field{{path: p, want: "x"}})
	})
}
