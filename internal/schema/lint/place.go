package lint

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// shown is how much of a statement a finding shows, in characters.
const shown = 300

// place returns the line:column of a byte of the text, both from 1.
func place(sql string, at int) string {
	at = min(max(at, 0), len(sql))
	line := 1 + strings.Count(sql[:at], "\n")
	begin := strings.LastIndexByte(sql[:at], '\n') + 1
	return fmt.Sprintf("%d:%d", line, 1+utf8.RuneCountInString(sql[begin:at]))
}

// cut shortens a statement to what a finding shows.
func cut(s string) string {
	n := 0
	for at := range s {
		if n++; n > shown {
			return s[:at] + "…"
		}
	}
	return s
}
