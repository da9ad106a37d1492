package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"cutover/internal/release"
)

// targeting are the parts of the app for which a flag is off, as flagd has it: a
// rule in JsonLogic about what the app says of itself when it asks, under the
// keys version and component. Where no part is meant the rule gives nothing, and
// the default variant counts.
type targeting []release.FlagScope

// rule is an operator and what it is applied to.
type rule map[string][]any

// MarshalJSON implements json.Marshaler.
func (t targeting) MarshalJSON() ([]byte, error) {
	var parts []any
	for _, part := range t {
		var all []any
		if part.Version != "" {
			all = append(all, is("version", part.Version))
		}
		if part.Component != "" {
			all = append(all, is("component", part.Component))
		}
		parts = append(parts, rule{"and": all})
	}
	return json.Marshal(rule{"if": {rule{"or": parts}, variantOff}})
}

// is holds where the app says value under a key.
func is(key, value string) rule { return rule{"==": {map[string]string{"var": key}, value}} }

var errForeign = errors.New("a rule that cutover has not written")

// UnmarshalJSON implements json.Unmarshaler. It takes what MarshalJSON writes
// and nothing else.
func (t *targeting) UnmarshalJSON(text []byte) error {
	var outer struct {
		If []json.RawMessage `json:"if"`
	}
	var either struct {
		Or []struct {
			And []struct {
				Is []any `json:"=="`
			} `json:"and"`
		} `json:"or"`
	}
	if err := json.Unmarshal(text, &outer); err != nil || len(outer.If) == 0 {
		return errForeign
	}
	if err := json.Unmarshal(outer.If[0], &either); err != nil {
		return fmt.Errorf("read a rule: %w", err)
	}
	for _, part := range either.Or {
		var scope release.FlagScope
		for _, one := range part.And {
			if len(one.Is) != 2 {
				return errForeign
			}
			about, _ := one.Is[0].(map[string]any)
			value, _ := one.Is[1].(string)
			switch about["var"] {
			case "version":
				scope.Version = value
			case "component":
				scope.Component = value
			}
		}
		*t = append(*t, scope)
	}
	return t.isOf(text)
}

// isOf makes sure that nothing but the parts stands in a text.
func (t targeting) isOf(text []byte) error {
	var plain bytes.Buffer
	own, err := t.MarshalJSON()
	if err == nil {
		err = json.Compact(&plain, text)
	}
	if err == nil && !bytes.Equal(own, plain.Bytes()) {
		err = errForeign
	}
	return err
}
