package admin

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"testing"

	"cutover/internal/proxy/route"
)

// FuzzAnOrderIsUnderstoodOrRefused: a body is one whole order, or the answer
// is that of ErrInvalid.
func FuzzAnOrderIsUnderstoodOrRefused(f *testing.F) {
	for _, text := range []string{
		`{"route":{"front":{"listen":":80","path":"/","sticky":{},"streamGrace":0,"streamSpread":0},"sides":{"blue":{"weight":10000},"green":{"weight":0}},"salt":"r"},"secretHash":"00"}`,
		`{"route":{"mirror":{"side":"green","shadow":{"share":5}}}}`, `{} {}`, `{"other":1}`, ``, `null`,
	} {
		f.Add([]byte(text), "1")
	}
	f.Fuzz(func(t *testing.T, text []byte, number string) {
		r := httptest.NewRequest("PUT", "/v1/services/shop", bytes.NewReader(text))
		r.Header["If-Match"], r.Header[fenceHeader] = []string{number}, []string{number}
		if _, err := changeOf(r); err != nil && !errors.Is(err, ErrInvalid) {
			t.Fatalf("%v is not ErrInvalid", err)
		}
		var body service
		if err := decode(httptest.NewRecorder(), r, &body); err != nil {
			if status, _ := failureOf(err); !errors.Is(err, ErrInvalid) || status != 400 && status != 422 {
				t.Fatalf("%v is answered %d", err, status)
			}
			return
		}
		table := route.Table{}.With(route.Service{App: "shop", Route: body.Route, SecretHash: body.SecretHash})
		if table.Check() == nil {
			if _, err := route.NewIndex(table); err != nil {
				t.Fatal(err)
			}
		}
	})
}
