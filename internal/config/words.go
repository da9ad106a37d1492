package config

import (
	"fmt"
	"regexp"
	"strings"
)

// splitWords cuts a command line into words as a shell would, with single
// quotes, double quotes and backslashes, and nothing else: no variables, no
// patterns, no pipes.
func splitWords(line string) ([]string, error) {
	var s splitter
	for _, c := range line {
		s.take(c)
	}
	switch {
	case s.quote != 0:
		return nil, &mistake{fmt.Sprintf("a %c in the command is not closed", s.quote), "close the quote, or write the command as a list of words"}
	case s.escaped:
		return nil, &mistake{"the command ends with a backslash", "remove it, or write the command as a list of words"}
	}
	s.end()
	return s.words, nil
}

// splitter holds how far a command line has been split.
type splitter struct {
	words []string
	word  strings.Builder
	// open says that a word has begun, even if it is empty like "".
	open    bool
	escaped bool
	quote   rune
}

func (s *splitter) take(c rune) {
	switch {
	case s.escaped:
		s.escape(c)
	case c == '\\' && s.quote != '\'':
		s.escaped, s.open = true, true
	case s.quote != 0 && c == s.quote:
		s.quote = 0
	case s.quote != 0:
		s.word.WriteRune(c)
	case c == '"' || c == '\'':
		s.quote, s.open = c, true
	case strings.ContainsRune(" \t\n\r", c):
		s.end()
	default:
		s.word.WriteRune(c)
		s.open = true
	}
}

// escape takes the character after a backslash. Within double quotes only
// some characters can be escaped, and before others the backslash stays.
func (s *splitter) escape(c rune) {
	if s.quote == '"' && !strings.ContainsRune("\"\\$`", c) {
		s.word.WriteRune('\\')
	}
	s.word.WriteRune(c)
	s.escaped = false
}

func (s *splitter) end() {
	if s.open {
		s.words = append(s.words, s.word.String())
		s.word.Reset()
	}
	s.open = false
}

var (
	portFlag  = regexp.MustCompile(`(?i)(port|listen|bind|addr(ess)?)$`)
	portValue = regexp.MustCompile(`^(\S*:)?\d{2,5}$`)
)

// fixedPort returns the port a command names as a number, "" if it does not.
func fixedPort(args []string) string {
	words := strings.Fields(strings.ReplaceAll(strings.Join(args, " "), "=", " "))
	for i := 1; i < len(words); i++ {
		if portFlag.MatchString(words[i-1]) && portValue.MatchString(words[i]) {
			return words[i]
		}
	}
	return ""
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
