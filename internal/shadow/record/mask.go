package record

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Mask says what is secret besides what always is.
type Mask struct {
	// Headers, Query and Fields are names, in any case; Fields are those of
	// bodies, at any depth.
	Headers []string
	Query   []string
	Fields  []string
}

// masked stands where a secret stood.
const masked = "masked"

// secretHeaders are masked always, and so is what sounds like one.
var secretHeaders = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "cutover-private", "x-csrftoken", "x-xsrf-token"}

// sounds are parts of names that secrets have.
var sounds = []string{"token", "secret", "password", "passwd", "api-key", "api_key", "apikey", "auth", "session", "signature", "credential", "jwt", "code", "otp"}

func secret(name string, always, also []string) bool {
	name = strings.ToLower(name)
	same := func(s string) bool { return strings.EqualFold(s, name) }
	return slices.Contains(always, name) || slices.ContainsFunc(also, same) ||
		slices.ContainsFunc(sounds, func(s string) bool { return strings.Contains(name, s) })
}

// fieldSounds and secretFields are for the fields of bodies, besides sounds:
// better to mask too much there than too little.
var (
	fieldSounds  = []string{"pass", "pwd", "cookie", "csrf", "xsrf", "private"}
	secretFields = []string{"pin", "cvv", "cvc", "sid", "ssn"}
)

// field reports whether the field of a body is secret by its name.
func (m Mask) field(name string) bool {
	lower := strings.ToLower(name)
	return secret(name, secretFields, m.Fields) || strings.HasSuffix(lower, "key") ||
		slices.ContainsFunc(fieldSounds, func(s string) bool { return strings.Contains(lower, s) })
}

func (m Mask) header(h http.Header) map[string][]string {
	out := map[string][]string{}
	for name, values := range h {
		if secret(name, secretHeaders, m.Headers) {
			values = []string{masked}
		}
		out[name] = slices.Clone(values)
		for i, v := range out[name] {
			out[name][i] = m.text(v, deepest)
		}
	}
	delete(out, "Content-Length") // of the body as it was
	if referer := h.Get("Referer"); referer != "" {
		out["Referer"] = []string{masked} // an address with a query of its own
	}
	return out
}

// path masks the parts of a path that look like secrets.
func (m Mask) path(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = m.text(part, deepest)
	}
	if kept := strings.Join(parts, "/"); !looksSecret(kept) {
		return kept
	}
	return "/" + masked
}

// uri returns path and query, the values of secret parameters masked.
func (m Mask) uri(u *url.URL) string {
	out := *u
	out.User = nil
	if looksSecret(u.Path) {
		out.Path, out.RawPath = m.path(u.Path), ""
	}
	query := strings.Split(u.RawQuery, "&")
	for i, part := range query {
		raw, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(raw)
		plain, unreadable := url.QueryUnescape(value)
		if err != nil || unreadable != nil || secret(name, nil, m.Query) {
			query[i] = raw + "=" + masked
		} else if kept := m.text(plain, 0); kept != plain {
			query[i] = raw + "=" + url.QueryEscape(kept)
		}
	}
	if u.RawQuery != "" {
		out.RawQuery = strings.Join(query, "&")
	}
	return out.RequestURI()
}
