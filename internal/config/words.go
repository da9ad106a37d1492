package config

import (
	"fmt"
	"strings"
)

// splitWords cuts a command line into words as a shell would, with single
// quotes, double quotes and backslashes, and nothing else: no variables, no
// patterns, no pipes.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	open, escaped := false, false
	for _, c := range line {
		switch {
		case escaped:
			if quote == '"' && !strings.ContainsRune("\"\\$`", c) {
				word.WriteRune('\\')
			}
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, open = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, open = c, true
		case strings.ContainsRune(" \t\n\r", c):
			if open {
				words = append(words, word.String())
				word.Reset()
			}
			open = false
		default:
			word.WriteRune(c)
			open = true
		}
	}
	switch {
	case quote != 0:
		return nil, &mistake{fmt.Sprintf("a %c in the command is not closed", quote), "close the quote, or write the command as a list of words"}
	case escaped:
		return nil, &mistake{"the command ends with a backslash", "remove it, or write the command as a list of words"}
	case open:
		words = append(words, word.String())
	}
	return words, nil
}

// shellSigns returns what a shell would treat specially and a program
// without one gets as it stands, "" for nothing.
func shellSigns(words []string) string {
	for _, w := range words {
		switch w {
		case "|", "||", "&&", ";", "&", ">", ">>", "<", "2>&1":
			return w
		}
		if i := strings.Index(w, "$"); i >= 0 && i+1 < len(w) && strings.ContainsAny(w[i+1:i+2], "({ABCDEFGHIJKLMNOPQRSTUVWXYZ_") {
			return w
		}
	}
	return ""
}
