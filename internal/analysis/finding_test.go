package analysis

import (
	"encoding/json"
	"testing"
)

func TestFindingsAreWrittenAndReadAsWords(t *testing.T) {
	for f := NotEnough; f <= BothFailing; f++ {
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var back Finding
		if err := json.Unmarshal(text, &back); err != nil || back != f {
			t.Errorf("%s became %v: %v", text, back, err)
		}
	}
	var f Finding
	if err := f.UnmarshalText([]byte("fine")); err == nil {
		t.Error("an unknown finding was read")
	}
}
