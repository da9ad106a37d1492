package engine

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"cutover/internal/store"
)

// FuzzARecordIsUnderstoodOrRefused: an event that is read from the journal can
// be written again, and then says the same.
func FuzzARecordIsUnderstoodOrRefused(f *testing.F) {
	types := slices.Sorted(maps.Keys(decoders))
	for i := range types {
		f.Add(uint8(i), []byte(`{}`))
	}
	f.Add(uint8(0), []byte(`{"plan":{"release":"r","app":"a"}}`))
	f.Add(uint8(3), []byte(`{"action":{"kind":"route","route":{"front":{"listen":":80"}}}}`))
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		r := store.Record{Seq: 1, Type: types[int(kind)%len(types)], Version: eventVersion, Data: data}
		entry, err := Decode(r)
		if err != nil {
			return
		}
		name, written, err := encode(entry.Event)
		if err != nil {
			t.Fatal(err)
		}
		r.Type, r.Data = name, written
		entry, err = Decode(r)
		if err != nil {
			t.Fatalf("written %s and not read again: %v", written, err)
		}
		if _, twice, err := encode(entry.Event); err != nil || !bytes.Equal(twice, written) {
			t.Fatalf("%s became %s, %v", written, twice, err)
		}
	})
}
