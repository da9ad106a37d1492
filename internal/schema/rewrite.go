package schema

import "strings"

// Rewrite returns an expression in which every mention of a column is a
// mention of another one. It reads no more of SQL than where strings, quoted
// names, comments and words begin and end; what the result means is checked
// by the database before it is used.
func Rewrite(expr, from, to string) string {
	var out strings.Builder
	for rest := expr; rest != ""; {
		word, n := token(rest)
		called := strings.HasPrefix(strings.TrimLeft(rest[n:], " \t\n"), "(")
		if word == from && !called {
			out.WriteString(Quote(to))
		} else {
			out.WriteString(rest[:n])
		}
		rest = rest[n:]
	}
	return out.String()
}

// token returns the length of the first piece of s, and the name it is, if it
// is one.
func token(s string) (name string, length int) {
	switch c := s[0]; {
	case c == '\'':
		return "", closing(s, '\'')
	case c == '"':
		n := closing(s, '"')
		return strings.ReplaceAll(strings.Trim(s[:n], `"`), `""`, `"`), n
	case strings.HasPrefix(s, "--"):
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return "", i + 1
		}
		return "", len(s)
	case strings.HasPrefix(s, "$$"):
		if i := strings.Index(s[2:], "$$"); i >= 0 {
			return "", i + 4
		}
		return "", len(s)
	case wordy(c):
		n := 1
		for n < len(s) && (wordy(s[n]) || s[n] >= '0' && s[n] <= '9' || s[n] == '$') {
			n++
		}
		return strings.ToLower(s[:n]), n
	}
	return "", 1
}

func wordy(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// closing returns where what begins with a quote ends.
func closing(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}
