package config

import (
	"strings"
	"testing"
)

func TestTheCaretStandsBelowThePlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line   string
		column int
		want   string
	}{
		{"  trafic:", 3, "    7 |   trafic:\n      |   ^"},
		{"\ta: 1", 2, "    7 |  a: 1\n      |  ^"},
		{"ü: ö, b", 7, "    7 | ü: ö, b\n      |       ^"},
		{"a: \x1b[31mred", 4, "    7 | a: ?[31mred\n      |    ^"},
		{"short", 99, "    7 | short\n      |      ^"},
		{"DB_PASSWORD: hunter2, x", 23, "    7 | DB_PASSWORD: ***\n      |                 ^"},
	} {
		if got := excerpt(c.line, 7, c.column); got != c.want {
			t.Errorf("excerpt(%q, %d):\n%s\nwant\n%s", c.line, c.column, got, c.want)
		}
	}
	long := strings.Repeat("a", 500) + "X" + strings.Repeat("b", 500)
	lines := strings.Split(excerpt(long, 7, 501), "\n")
	if len(lines[0]) > 140 || lines[0][strings.Index(lines[1], "^")] != 'X' {
		t.Errorf("the caret of a long line does not stand below X:\n%s\n%s", lines[0], lines[1])
	}
}

func TestWhatLooksSecretIsMasked(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"DB_PASSWORD: hunter2", `"api-key": "hunter2"`, "env: {SESSION_SECRET: 'a,hunter2', B: c}", "run --token=hunter2",
		"Authorization: Bearer hunter2", "url: postgres://app:hunter2@db/shop", "{A_TOKEN: env:A, B_TOKEN: hunter2}",
		"DB_PASSWORD: \"hunter2", "GITHUB_TOKEN : hunter2",
	} {
		if got := mask(line); strings.Contains(got, "hunter2") {
			t.Errorf("mask(%q) = %q shows the secret", line, got)
		}
	}
	for _, line := range []string{"DB_PASSWORD: env:DB_PASSWORD", "listen: 127.0.0.1:8080", "url: http://host:80/x@y", "steps: [5, 50]"} {
		if got := mask(line); got != line {
			t.Errorf("mask(%q) = %q hides what is no secret", line, got)
		}
	}
}
