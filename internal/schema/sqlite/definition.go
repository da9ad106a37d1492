package sqlite

import "strings"

// definition is the text of a CREATE TABLE, cut where its columns and
// constraints begin and end. No more of SQL is read than that: strings, quoted
// names, comments and parentheses.
type definition struct {
	head, tail string
	elements   []string
}

// define cuts the text of a CREATE TABLE.
func define(sql string) definition {
	var d definition
	depth, from := 0, 0
	for i := 0; i < len(sql); {
		n := piece(sql[i:])
		switch sql[i : i+n] {
		case "(":
			if depth++; depth == 1 && d.head == "" {
				d.head, from = sql[:i+1], i+1
			}
		case ")":
			if depth--; depth == 0 && d.tail == "" {
				d.elements, d.tail = append(d.elements, sql[from:i]), sql[i:]
			}
		case ",":
			if depth == 1 && d.tail == "" {
				d.elements, from = append(d.elements, sql[from:i]), i+1
			}
		}
		i += n
	}
	return d
}

// String returns the text again.
func (d definition) String() string { return d.head + strings.Join(d.elements, ",") + d.tail }

// column returns the place of a column, or -1.
func (d definition) column(name string) int {
	for i, e := range d.elements {
		if words := wordsOf(e); len(words) > 0 && strings.EqualFold(unquote(words[0]), name) {
			return i
		}
	}
	return -1
}

// wordsOf returns the names and keywords of an element that are not inside
// parentheses, as they are written.
func wordsOf(element string) []string {
	var words []string
	depth := 0
	for i := 0; i < len(element); {
		n := piece(element[i:])
		switch text := element[i : i+n]; {
		case text == "(":
			depth++
		case text == ")":
			depth--
		case depth == 0 && strings.TrimSpace(text) != "" && !strings.HasPrefix(text, "--") && !strings.HasPrefix(text, "/*"):
			words = append(words, text)
		}
		i += n
	}
	return words
}

// has reports whether keywords stand in this order, one after the other,
// outside of parentheses.
func has(element string, keywords ...string) bool {
	words := wordsOf(element)
	for i := 1; i+len(keywords) <= len(words); i++ {
		all := true
		for j, k := range keywords {
			all = all && strings.EqualFold(words[i+j], k)
		}
		if all {
			return true
		}
	}
	return false
}

// after returns the word that follows a keyword, or "".
func after(element, keyword string) string {
	words := wordsOf(element)
	for i := 1; i+1 < len(words); i++ {
		if strings.EqualFold(words[i], keyword) {
			return words[i+1]
		}
	}
	return ""
}

// piece returns the length of the first piece of s: a word, a string, a quoted
// name, a comment, or one character.
func piece(s string) int {
	switch c := s[0]; {
	case c == '\'' || c == '"' || c == '`':
		return quoted(s, c)
	case c == '[':
		return until(s, "]")
	case strings.HasPrefix(s, "--"):
		return until(s, "\n")
	case strings.HasPrefix(s, "/*"):
		return until(s, "*/")
	case wordy(c):
		n := 1
		for n < len(s) && wordy(s[n]) {
			n++
		}
		return n
	}
	return 1
}

func wordy(c byte) bool {
	return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// quoted returns where what begins with a quote ends.
func quoted(s string, quote byte) int {
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

func until(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i + len(end)
	}
	return len(s)
}

// unquote returns the name that is written.
func unquote(word string) string {
	if len(word) < 2 {
		return word
	}
	inside := word[1 : len(word)-1]
	switch c := word[0]; c {
	case '[':
		return inside
	case '"', '`', '\'':
		return strings.ReplaceAll(inside, string(c)+string(c), string(c))
	}
	return word
}
