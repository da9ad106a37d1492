package record

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzARecordingIsReadUpToItsFirstBadLine: whatever is taken can be written
// and read again.
func FuzzARecordingIsReadUpToItsFirstBadLine(f *testing.F) {
	f.Add([]byte("{}\n{\"method\":\"GET\",\"path\":\"/\"}\n"))
	f.Add([]byte("null\n[]\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		_ = Read(bytes.NewReader(text), func(r Request) error {
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			return Read(bytes.NewReader(line), func(Request) error { return nil })
		})
	})
}
