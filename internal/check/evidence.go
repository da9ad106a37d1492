package check

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutover/internal/release"
)

const (
	// maxEvidence is the most bytes a result's evidence has, maxExcerpt the
	// most of them that show a body or an output.
	maxEvidence = 2 << 10
	maxExcerpt  = 600
	ellipsis    = "…"
)

// verdict is what one instance has shown in the end.
type verdict struct {
	instance string
	attempts int
	answer
}

// summarise makes one result of what all instances have shown. Attempts is
// the most that any of them needed.
func summarise(given []verdict) release.CheckResult {
	failedFirst := slices.Clone(given)
	slices.SortStableFunc(failedFirst, func(a, b verdict) int {
		switch {
		case a.passed == b.passed:
			return 0
		case b.passed:
			return -1
		}
		return 1
	})
	result := release.CheckResult{Passed: true}
	var lines []string
	for _, v := range failedFirst {
		result.Passed = result.Passed && v.passed
		result.Attempts = max(result.Attempts, v.attempts)
		line := v.instance + ": " + v.evidence
		if v.attempts > 1 {
			line += fmt.Sprintf(" (after %d tries)", v.attempts)
		}
		lines = append(lines, line)
	}
	result.Evidence = head(strings.Join(lines, "\n"), maxEvidence)
	return result
}

// readable makes one line of text that plays no tricks on a terminal.
func readable(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(text), " ")
}

// head returns the beginning of text, at most most bytes with the ellipsis,
// without cutting a character in two.
func head(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most - len(ellipsis)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}

// tail returns the end of text in the same manner.
func tail(text string, most int) string {
	if len(text) <= most {
		return text
	}
	begin := len(text) - most + len(ellipsis)
	for begin < len(text) && !utf8.RuneStart(text[begin]) {
		begin++
	}
	return ellipsis + text[begin:]
}
