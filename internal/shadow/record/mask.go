package record

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Mask says what is secret besides what always is.
type Mask struct {
	// Headers and Query are names, in any case.
	Headers []string
	Query   []string
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

func (m Mask) header(h http.Header) map[string][]string {
	out := map[string][]string{}
	for name, values := range h {
		if secret(name, secretHeaders, m.Headers) {
			values = []string{masked}
		}
		out[name] = slices.Clone(values)
	}
	if referer := h.Get("Referer"); referer != "" {
		out["Referer"] = []string{masked} // an address with a query of its own
	}
	return out
}

// uri returns path and query, the values of secret parameters masked.
func (m Mask) uri(u *url.URL) string {
	out := *u
	out.User = nil
	query := strings.Split(u.RawQuery, "&")
	for i, part := range query {
		raw, _, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(raw)
		if err != nil || secret(name, nil, m.Query) {
			query[i] = raw + "=" + masked
		}
	}
	if u.RawQuery != "" {
		out.RawQuery = strings.Join(query, "&")
	}
	return out.RequestURI()
}
