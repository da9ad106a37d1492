package config

import (
	"slices"
	"testing"
)

func TestACommandIsSplitAsAShellWouldWithoutItsMagic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`./shop --port {{port}}`:   {"./shop", "--port", "{{port}}"},
		`  a   b	c `:               {"a", "b", "c"},
		`a 'b c' "d e"`:            {"a", "b c", "d e"},
		`a'b'"c"d`:                 {"abcd"},
		`a "" ''`:                  {"a", "", ""},
		`a \"b\ c`:                 {"a", `"b c`},
		`a "x\"y\\z\n"`:            {"a", `x"y\z\n`},
		`a '\n'`:                   {"a", `\n`},
		`echo $HOME * | cat`:       {"echo", "$HOME", "*", "|", "cat"},
		`ü 'ö ä'`:                  {"ü", "ö ä"},
		"python3 -m http.server\n": {"python3", "-m", "http.server"},
	} {
		if got, err := splitWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q splits into %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`a "b`, `a 'b`, `a \`} {
		if got, err := splitWords(text); err == nil {
			t.Errorf("%q splits into %q; want an error", text, got)
		}
	}
}

func TestTheSignsOfAShellAreSeen(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{"a", "|", "b"}, {"a", "&&", "b"}, {"a", "$HOME"}, {"a", "x${Y}"}, {"a", "$(date)"}, {"a", ">", "f"}} {
		if shellSigns(words) == "" {
			t.Errorf("%q has a shell's sign that is not seen", words)
		}
	}
	for _, words := range [][]string{{"a", "b|c"}, {"a", "cost: 5$"}, {"a", "$1"}, {"a", "x>y"}} {
		if got := shellSigns(words); got != "" {
			t.Errorf("%q: %q is no shell's sign", words, got)
		}
	}
}
