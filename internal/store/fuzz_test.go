package store_test

import (
	"encoding/json"
	"testing"

	"cutover/internal/store"
)

// FuzzARecordFollowsOnlyWhatItWasSealedFor: whatever a record holds, a valid
// one follows the chain it was put into, and no other does.
func FuzzARecordFollowsOnlyWhatItWasSealedFor(f *testing.F) {
	f.Add([]byte(`{"type":"x","version":1,"at":"2026-01-01T00:00:00Z","actor":"a","data":{"b": 1}}`))
	f.Add([]byte(`{"seq":7,"type":"x","version":1,"at":"2026-01-01T00:00:00.5+02:00","actor":"a","data":null}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r store.Record
		if json.Unmarshal(text, &r) != nil || r.Validate() != nil {
			return
		}
		sealed, head, err := store.Chain(store.Start(), []store.Record{r})
		if err != nil {
			return
		}
		back := sealed[0]
		got, err := store.Follow(store.Start(), back)
		if err != nil || got != head {
			t.Fatalf("%+v does not follow: %v", back, err)
		}
		back.Actor += "x"
		if _, err := store.Follow(store.Start(), back); err == nil {
			t.Fatal("a changed record follows")
		}
	})
}
