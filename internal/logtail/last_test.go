package logtail_test

import (
	"strings"
	"testing"

	"cutover/internal/logtail"
)

func TestTheLastWordsAreShownWithoutSecretsAndTricks(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"":                                   "",
		"first\nlast\n\n \r\n":               "last",
		"password is hunter2\n":              "password is ***",
		"\x1b[31mred\x07\n":                  "[31mred",
		strings.Repeat("x", 301) + "\n":      strings.Repeat("x", 300) + "…",
		"postgres://app:secret@db refused\n": "postgres://app:***@db refused",
	} {
		if got := logtail.Last([]byte(output), "hunter2"); got != want {
			t.Errorf("Last(%q) = %q; want %q", output, got, want)
		}
	}
}
