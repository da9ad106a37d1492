package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// State is a folded state that is kept beside the journal for quick starts.
type State struct {
	// Key is unique, such as "release/NAME" or "app/NAME".
	Key string `json:"key"`
	// Seq is the last record that is folded in.
	Seq  int64           `json:"seq"`
	Body json.RawMessage `json:"body"`
}

// Validate says what keeps s from being stored, nil if nothing does: a state
// needs a key in UTF-8 and a body that is JSON.
func (s State) Validate() error {
	switch {
	case s.Key == "":
		return errors.New("the state has no key")
	case !utf8.ValidString(s.Key):
		return fmt.Errorf("the state's key is not UTF-8: %q", s.Key)
	case !json.Valid(s.Body):
		return fmt.Errorf("the body of state %s is not JSON", s.Key)
	}
	return nil
}
