// Package logtail finds the words a program ended with in its output.
package logtail

import (
	"slices"
	"strings"
	"unicode"

	"cutover/internal/environ"
)

// longest is how much of a line is shown, in characters.
const longest = 300

// Last returns the last line of output that is not blank, "" if there is
// none: at most 300 characters, without what would play tricks on a terminal,
// and with the secrets masked.
func Last(output []byte, secrets ...string) string {
	lines := strings.FieldsFunc(string(output), func(r rune) bool { return r == '\n' || r == '\r' })
	for _, line := range slices.Backward(lines) {
		if line = strings.TrimSpace(printable(line)); line != "" {
			return cut(environ.Mask(line, secrets...), longest)
		}
	}
	return ""
}

// printable drops what would play tricks on a terminal.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(line, "?"))
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
