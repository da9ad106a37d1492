package record

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// body returns a body without its secrets, or ErrOpaque: only JSON and forms can
// be taken apart, and what cannot be is never kept.
func (m Mask) body(h http.Header, body []byte) (string, error) {
	if len(body) == 0 {
		return "", nil
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || !utf8.Valid(body) || !plainCoding(h, params["charset"]) {
		return "", ErrOpaque
	}
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return m.json(body, 0)
	case kind == "application/x-www-form-urlencoded":
		return m.form(string(body))
	}
	return "", ErrOpaque
}

// plainCoding reports whether a body is plain UTF-8.
func plainCoding(h http.Header, charset string) bool {
	coding := strings.ToLower(strings.Join(h.Values("Content-Encoding"), ","))
	charset = strings.ToLower(charset)
	return (coding == "" || coding == "identity") && (charset == "" || charset == "utf-8" || charset == "us-ascii")
}

// deepest is how far JSON in strings of JSON is taken apart.
const deepest = 4

func (m Mask) json(text []byte, depth int) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return "", ErrOpaque
	}
	if _, err := dec.Token(); err != io.EOF {
		return "", ErrOpaque
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m.value(doc, depth)); err != nil {
		return "", ErrOpaque
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// value masks what is secret in a value of JSON.
func (m Mask) value(v any, depth int) any {
	switch in := v.(type) {
	case string:
		return m.text(in, depth)
	case []any:
		for i := range in {
			in[i] = m.value(in[i], depth)
		}
	case map[string]any:
		return m.object(in, depth)
	}
	return v
}

// object masks the fields that are secret by their names, those of a pair such
// as {"name": "password", "value": ...} included.
func (m Mask) object(in map[string]any, depth int) map[string]any {
	pair := m.isPair(in)
	out := make(map[string]any, len(in))
	for key, v := range in {
		switch {
		case v != nil && (pair || m.field(key)) && !names(key, pair):
			v = masked
		default:
			v = m.value(v, depth)
		}
		if m.text(key, deepest) != key {
			key = masked
		}
		out[key] = v
	}
	return out
}

// isPair reports whether an object gives a secret its name in one field and its
// value in another.
func (m Mask) isPair(in map[string]any) bool {
	valued, secret := false, false
	for key, v := range in {
		said, _ := v.(string)
		secret = secret || names(key, true) && m.field(said)
		valued = valued || slices.Contains([]string{"value", "values", "val", "content", "data"}, key)
	}
	return valued && secret
}

// names reports whether a field of a pair is the name and not the secret.
func names(key string, pair bool) bool {
	switch key {
	case "name", "key", "field", "id", "param":
		return pair
	}
	return false
}

// text masks a text that is a secret by what it looks like, and takes JSON in it
// apart.
func (m Mask) text(s string, depth int) string {
	if t := strings.TrimSpace(s); depth < deepest && (strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[")) {
		if inner, err := m.json([]byte(t), depth+1); err == nil {
			return inner
		}
	}
	if looksSecret(s) {
		return masked
	}
	return s
}

func (m Mask) form(body string) (string, error) {
	parts := strings.Split(body, "&")
	for i, part := range parts {
		rawName, rawValue, whole := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if !whole || err1 != nil || err2 != nil {
			return "", ErrOpaque
		}
		if value != "" && m.field(name) {
			parts[i] = rawName + "=" + masked
		} else if kept := m.text(value, 0); kept != value {
			parts[i] = rawName + "=" + url.QueryEscape(kept)
		}
	}
	return strings.Join(parts, "&"), nil
}
