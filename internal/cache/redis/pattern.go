package redis

import "regexp"

// varying matches the parts of a key that differ from one thing to the next.
var varying = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-z_-]*[0-9][0-9a-z_-]{15,}|[0-9a-f]{16,}|[0-9]+`)

// patternOf returns what a key has in common with others of its kind. The
// prefix of its generation stays as it is.
func patternOf(prefix, key string) string {
	return prefix + varying.ReplaceAllStringFunc(key[len(prefix):], func(part string) string {
		if len(part) >= 16 {
			return "{id}"
		}
		return "{n}"
	})
}

// longName is how much is shown of a part that may be as good as a password,
// such as a session's.
const longName = 6

// shown returns a key as people may see it.
func shown(prefix, key string) string {
	text := prefix + varying.ReplaceAllStringFunc(key[len(prefix):], func(part string) string {
		if len(part) >= 16 {
			return part[:longName] + "…"
		}
		return part
	})
	if len(text) > 120 {
		text = text[:120] + "…"
	}
	return text
}
