package shadow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Headers are the headers that are compared where none are named. Of
// Set-Cookie only the names count.
var Headers = []string{"Content-Type", "Location", "Cache-Control", "Set-Cookie", "Www-Authenticate", "Content-Disposition", "Allow"}

// Differences lists where b differs from a, each key once, sorted. It is empty
// for equal answers, and for two that both failed. headers are the names to
// compare, in canonical form. Numbers are equal within a relative 1e-9 if
// either is written with a fraction or an exponent.
func Differences(a, b Answer, headers []string) []Seen {
	d := &diff{found: map[Key]Seen{}}
	switch {
	case a.Failed != "" && b.Failed != "":
	case a.Failed != "":
		d.add("answer", Extra, a.Failed, "an answer")
	case b.Failed != "":
		d.add("answer", Missing, "an answer", b.Failed)
	case a.Status != b.Status:
		d.add("status", Value, fmt.Sprint(a.Status), fmt.Sprint(b.Status))
	default:
		d.headers(a.Header, b.Header, headers)
		d.bodies(a, b)
	}
	return d.sorted()
}

// maxFound bounds how many differences are kept of one pair of answers.
const maxFound = 256

// diff collects differences.
type diff struct {
	found map[Key]Seen
	// at is the way to where the comparison is.
	at []string
}

func (d *diff) add(path string, k Kind, was, is string) {
	key := Key{clipped(path), k}
	if _, known := d.found[key]; !known && len(d.found) < maxFound {
		d.found[key] = Seen{key, was, is}
	}
}

func (d *diff) sorted() []Seen {
	return slices.SortedFunc(maps.Values(d.found), func(x, y Seen) int {
		if c := strings.Compare(x.Path, y.Path); c != 0 {
			return c
		}
		return strings.Compare(string(x.Kind), string(y.Kind))
	})
}

func (d *diff) headers(a, b http.Header, names []string) {
	for _, name := range names {
		was, is := headerOf(a, name), headerOf(b, name)
		switch {
		case was == is:
		case is == "":
			d.add("header "+name, Missing, "a value", "nothing")
		case was == "":
			d.add("header "+name, Extra, "nothing", "a value")
		default:
			d.add("header "+name, Value, "a value", "another")
		}
	}
}

// headerOf reduces a header to what is compared of it.
func headerOf(h http.Header, name string) string {
	values := h.Values(name)
	if name != "Set-Cookie" {
		return strings.ToLower(strings.ReplaceAll(strings.Join(values, ","), " ", ""))
	}
	var names []string
	for _, v := range values {
		cookie, _, _ := strings.Cut(v, "=")
		names = append(names, generalised(strings.TrimSpace(cookie)))
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

func (d *diff) bodies(a, b Answer) {
	if bytes.Equal(a.Body, b.Body) {
		return
	}
	was, is := a.media(), b.media()
	switch {
	case isJSON(was) && isJSON(is):
		d.json(a.Body, b.Body)
	case isText(was) && isText(is):
		if bytes.Equal(masked(a.Body), masked(b.Body)) {
			d.add("body", Token, "text", "text")
			return
		}
		d.add("body", Value, "text", "text")
	default:
		d.add("body", Value, fmt.Sprintf("%d bytes", len(a.Body)), fmt.Sprintf("%d bytes", len(b.Body)))
	}
}

func (d *diff) json(a, b []byte) {
	was, errA := decode(a)
	is, errB := decode(b)
	switch {
	case errA != nil && errB != nil:
		d.add("body", Value, "broken JSON", "broken JSON")
	case errA != nil:
		d.add("body", Type, "broken JSON", "JSON")
	case errB != nil:
		d.add("body", Type, "JSON", "broken JSON")
	default:
		d.values(was, is)
	}
}

// decode reads one JSON value, numbers as they are written.
func decode(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the JSON value")
	}
	return v, nil
}
