package state

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"

	"cutover/internal/proxy/route"
)

// seal wraps text as Save would, so that what is behind the checksum is
// reached too.
func seal(t interface{ Fatal(...any) }, text []byte) []byte {
	sum := sha256.Sum256(text)
	whole, err := json.Marshal(file{Format: format, SHA256: hex.EncodeToString(sum[:]), Table: text})
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// FuzzATableFileIsReadWholeOrNotAtAll: whatever is read can be served, and is
// the same once it was written again.
func FuzzATableFileIsReadWholeOrNotAtAll(f *testing.F) {
	for _, text := range []string{
		`{"generation":1,"fence":2}`,
		`{"generation":1,"fence":2,"services":[{"app":"shop","generation":1,"route":{"front":{"listen":"127.0.0.1:80","path":"/","hosts":["*.a.org"],"sticky":{},"streamGrace":0,"streamSpread":0,"trust":["10.0.0.0/8"],"limits":{"headers":3},"assets":["/s/"],"pages":{"error":{"text":"x"}}},"sides":{"blue":{"weight":10000,"endpoints":[{"id":"1","addr":"127.0.0.1:1"}]},"green":{"weight":0}},"salt":"r"}}]}`,
		`{"services":[{"app":"a"},{"app":"a"}]}`, `[]`, `null`, `{}{}`,
	} {
		f.Add([]byte(text), true)
	}
	f.Add([]byte(`{"format":"cutover-proxy-table/1","sha256":"00","table":{}}`), false)
	f.Fuzz(func(t *testing.T, text []byte, sealed bool) {
		if sealed {
			if !json.Valid(text) {
				return
			}
			text = seal(t, text)
		}
		from, err := decode("x", text)
		if err != nil {
			return
		}
		table := from.table
		if err := table.Check(); err != nil {
			t.Fatalf("read what cannot be served: %v", err)
		}
		index, err := route.NewIndex(table)
		if err != nil {
			t.Fatal(err)
		}
		index.Find("127.0.0.1:80", string(text), "/")
		written, err := json.Marshal(table)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode("x", seal(t, written))
		if err != nil {
			t.Fatalf("written %s and not read again: %v", written, err)
		}
		if twice, _ := json.Marshal(again.table); !reflect.DeepEqual(twice, written) {
			t.Fatalf("%s became %s", written, twice)
		}
	})
}
