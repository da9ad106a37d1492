package lint

import (
	"strings"
	"unicode/utf8"
)

// word is an identifier or keyword as it stands in the text.
type word struct {
	text string
	at   int
}

// words lists the identifiers and keywords of a text, without what stands in
// comments, strings and bodies of functions. The parser cannot be asked: it
// has already cut long names.
func words(sql string) []word {
	var list []word
	for i := 0; i < len(sql); {
		rest := sql[i:]
		switch {
		case blank(rest) > 0:
			i += blank(rest)
		case rest[0] == '\'':
			i += quoted(rest, '\'', i > 0 && (sql[i-1] == 'e' || sql[i-1] == 'E'))
		case rest[0] == '"':
			n := quoted(rest, '"', false)
			list = append(list, word{strings.ReplaceAll(strings.Trim(rest[:n], `"`), `""`, `"`), i})
			i += n
		case rest[0] == '$' && dollar(rest) > 0:
			i += dollar(rest)
		case begins(rest[0]):
			n := strings.IndexFunc(rest, func(r rune) bool { return r < utf8.RuneSelf && !continues(byte(r)) })
			if n < 0 {
				n = len(rest)
			}
			list = append(list, word{rest[:n], i})
			i += n
		case rest[0] >= '0' && rest[0] <= '9':
			for i < len(sql) && continues(sql[i]) {
				i++
			}
		default:
			i++
		}
	}
	return list
}

// blank returns the length of the space and comments a text begins with.
func blank(s string) int {
	i := 0
	for i < len(s) {
		switch {
		case strings.IndexByte(" \t\n\r\f\v", s[i]) >= 0:
			i++
		case strings.HasPrefix(s[i:], "--"):
			n := strings.IndexByte(s[i:], '\n')
			if n < 0 {
				return len(s)
			}
			i += n
		case strings.HasPrefix(s[i:], "/*"):
			i += comment(s[i:])
		default:
			return i
		}
	}
	return i
}

// comment returns the length of a comment, which may hold others.
func comment(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(s[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// quoted returns the length of what is in quotes, doubled ones inside it and,
// if backslashes escape, those after one included.
func quoted(s string, quote byte, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// dollar returns the length of a string in dollar quotes, 0 if it is none.
func dollar(s string) int {
	n := strings.IndexByte(s[1:], '$') + 2
	if n < 2 || n > 2 && !begins(s[1]) {
		return 0
	}
	for i := 1; i < n-1; i++ {
		if !continues(s[i]) {
			return 0
		}
	}
	end := strings.Index(s[n:], s[:n])
	if end < 0 {
		return len(s)
	}
	return n + end + n
}

func begins(c byte) bool {
	return c == '_' || c >= utf8.RuneSelf || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func continues(c byte) bool { return begins(c) || c >= '0' && c <= '9' || c == '$' }
