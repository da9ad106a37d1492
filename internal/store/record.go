package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// Record is one entry of the journal. Records are never changed or removed.
type Record struct {
	// Seq counts from 1 without gaps over all apps and releases.
	Seq int64 `json:"seq"`
	// App and Release say what the record belongs to; Release is empty for
	// what concerns the app as a whole.
	App     string `json:"app"`
	Release string `json:"release,omitempty"`
	// Type and Version name the event's shape. A reader that does not know
	// them must stop rather than guess.
	Type    string `json:"type"`
	Version int    `json:"version"`
	// At is UTC, in nanoseconds. Actor is who caused it ("engine" or a user).
	At    time.Time       `json:"at"`
	Actor string          `json:"actor"`
	Data  json.RawMessage `json:"data"`
	// PrevHash is the Hash of the record before, Hash covers everything else.
	// Both are hex SHA-256; the first record's PrevHash is 64 zeros.
	PrevHash string `json:"prevHash"`
	Hash     string `json:"hash"`
}

// Times outside these bounds do not fit into nanoseconds since 1970.
var (
	earliest = time.Unix(0, math.MinInt64)
	latest   = time.Unix(0, math.MaxInt64)
)

// Validate says what keeps r from being journalled, nil if nothing does: a
// record needs a type, a version from 1, a time between the years 1678 and
// 2262, an actor, text in UTF-8, and data that is JSON or absent.
func (r Record) Validate() error {
	switch {
	case r.Type == "":
		return errors.New("the record has no type")
	case r.Version < 1:
		return fmt.Errorf("the record has version %d; versions count from 1", r.Version)
	case r.At.IsZero():
		return errors.New("the record has no time")
	case r.At.Before(earliest) || r.At.After(latest):
		return fmt.Errorf("the record's time %s does not fit into nanoseconds", r.At.Format(time.RFC3339))
	case r.Actor == "":
		return errors.New("the record has no actor")
	case len(r.Data) > 0 && !json.Valid(r.Data):
		return errors.New("the record's data is not JSON")
	}
	// JSON cannot carry other text, so an exported record would no longer
	// match its hash.
	for _, text := range []string{r.App, r.Release, r.Type, r.Actor} {
		if !utf8.ValidString(text) {
			return fmt.Errorf("the record has text that is not UTF-8: %q", text)
		}
	}
	return nil
}
