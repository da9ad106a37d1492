package shadow

import (
	"regexp"
	"strings"
)

// Template names the endpoint that answers a request: the method and the path
// with ids replaced, such as GET /api/items/{id}. Queries do not count.
func Template(method, path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = generalised(p)
	}
	return clipped(method + " " + strings.Join(parts, "/"))
}

// The forms of what stands for one thing among many.
var (
	uuidForm   = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
	numberForm = regexp.MustCompile(`^[0-9][0-9.:,TZ_-]*$`)
	tailForm   = regexp.MustCompile(`^([A-Za-z]+[-_])[0-9]+$`)
	hexForm    = regexp.MustCompile(`^[0-9a-fA-F]{8,}$`)
	longForm   = regexp.MustCompile(`^[0-9A-Za-z_=-]{20,}$`)
)

// generalised replaces a path segment or an object's key by {id} if it looks
// like one: numbers, dates, UUIDs, hashes, tokens, addresses.
func generalised(s string) string {
	if len(s) < 20 && !strings.ContainsAny(s, "0123456789@") {
		return s
	}
	switch {
	case numberForm.MatchString(s), uuidForm.MatchString(s), strings.ContainsRune(s, '@'):
		return "{id}"
	case hexForm.MatchString(s) && strings.ContainsAny(s, "0123456789"):
		return "{id}"
	case longForm.MatchString(s) && digits(s) >= 3:
		return "{id}"
	}
	if m := tailForm.FindStringSubmatch(s); m != nil {
		return m[1] + "{id}"
	}
	return s
}

func digits(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}
