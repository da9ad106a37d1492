package report

import (
	"strings"
	"unicode"
)

// clean makes a text from the journal harmless to show: an answer of an app or
// the output of a check may be quoted in it. What steers a terminal or turns the
// direction of writing is left out, and it becomes one line.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(text), " ")
}
