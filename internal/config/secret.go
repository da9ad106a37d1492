package config

import "regexp"

// secretName matches names whose values are secrets more often than not.
var secretName = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|pwd|secret|token|credential|authorization|cookie$|salt|dsn|api[_-]?key|private[_-]?key|access[_-]?key|(^|[_-])key$)`)

// secretURL matches an address with a password in it.
var secretURL = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:[^/\s@]+@`)

// secretKey matches, within a line, a key that looks secret up to its value.
var secretKey = regexp.MustCompile(`(?i)[\w.-]*(?:passw|passphrase|pwd|secret|token|credential|authorization|cookie|salt|dsn|key)[\w.-]*["']?\s*[:=]\s*["']?`)

// looksSecret reports whether a plain value under this name should rather be
// a reference.
func looksSecret(name, value string) bool {
	if value == "" || isReference(value) {
		return false
	}
	return secretName.MatchString(name) || secretURL.MatchString(value)
}

// mask hides what looks secret, so that a line can be shown: everything after
// a key with such a name, because only a parser could tell where it ends.
func mask(line string) string {
	for from := 0; from < len(line); {
		found := secretKey.FindStringIndex(line[from:])
		if found == nil {
			break
		}
		from += found[1]
		if from < len(line) && !isReference(line[from:]) {
			line = line[:from] + "***"
		}
	}
	return secretURL.ReplaceAllString(line, "***@")
}
