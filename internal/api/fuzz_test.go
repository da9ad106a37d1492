package api

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// FuzzABodyIsOneValueOrAnsweredAsAMistake: whoever sends a body that cannot be
// read is told so with 400, and nothing else is answered.
func FuzzABodyIsOneValueOrAnsweredAsAMistake(f *testing.F) {
	for _, text := range []string{`{"documents":{"a.yaml":"x"}}`, `{"release":"r"}`, `{} {}`, ``, `null`, `[]`, `{"x":1}`, "\xff"} {
		f.Add([]byte(text), uint8(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, form uint8) {
		into := []any{&Files{}, &Ask{}, &AllowVersion{}}[int(form)%3]
		w := httptest.NewRecorder()
		ok := read(w, httptest.NewRequest("POST", "/", bytes.NewReader(text)), into)
		if answered := w.Body.Len() > 0; ok == answered || answered && w.Code != http.StatusBadRequest {
			t.Fatalf("read %v, answered %d %q", ok, w.Code, w.Body)
		}
	})
}
