package store_test

import (
	"encoding/json"
	"testing"

	"cutover/internal/store"
)

// FuzzARecordFollowsOnlyWhatItWasSealedFor: whatever a record holds, a valid
// one follows the chain it was put into, also after it was kept as JSON.
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
		kept, err := json.Marshal(sealed[0])
		if err != nil {
			t.Fatal(err)
		}
		var back store.Record
		if err := json.Unmarshal(kept, &back); err != nil {
			t.Fatal(err)
		}
		got, err := store.Follow(store.Start(), back)
		if err != nil || got != head {
			t.Fatalf("%s does not follow: %v", kept, err)
		}
		back.Actor += "x"
		if _, err := store.Follow(store.Start(), back); err == nil {
			t.Fatal("a changed record follows")
		}
	})
}
