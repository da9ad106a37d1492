package rehearsal

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// shownLength is how much of a statement is shown, in bytes.
const shownLength = 1000

var (
	password = regexp.MustCompile(`(?i)(password\s+)(e?'(?:[^']|'')*')`)
	space    = regexp.MustCompile(`\s+`)
	dataVerb = regexp.MustCompile(`(?i)^\s*(select|insert|update|delete|with|values|merge|copy|table|execute|call|set|do)\b`)
	// literals are comments, dollar-quoted and quoted texts, quoted names,
	// names, and numbers, in this order; names are matched so that digits in
	// them are not taken for numbers.
	literals = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|[eE]'(?:[^'\\]|''|\\.)*'|[bBxXnN]?'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\d+|[\p{L}_][\p{L}\p{N}_$]*|\$[\p{L}_\d]*\$|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?`)
)

// shown makes a statement fit for a report: one line, not too long, without
// what people wrote into their tables and without passwords.
func shown(sql string) string {
	if dataVerb.MatchString(sql) {
		sql = plain(sql)
	}
	sql = password.ReplaceAllString(sql, "${1}'…'")
	sql = strings.TrimSpace(space.ReplaceAllString(sql, " "))
	if len(sql) <= shownLength {
		return sql
	}
	cut := shownLength
	for cut > 0 && !utf8.RuneStart(sql[cut]) {
		cut--
	}
	return sql[:cut] + "…"
}

// plain returns a statement without its comments and with a ? for every text
// and number in it. Two that differ in these only have the same plain form.
func plain(sql string) string {
	var b strings.Builder
	for sql != "" {
		at := literals.FindStringIndex(sql)
		if at == nil {
			b.WriteString(sql)
			break
		}
		b.WriteString(sql[:at[0]])
		token := sql[at[0]:at[1]]
		sql = sql[at[1]:]
		switch {
		case strings.HasPrefix(token, "--") || strings.HasPrefix(token, "/*"):
			b.WriteByte(' ')
		case len(token) > 1 && token[0] == '$' && strings.HasSuffix(token, "$"):
			if end := strings.Index(sql, token); end >= 0 {
				sql = sql[end+len(token):]
			} else {
				sql = ""
			}
			b.WriteByte('?')
		case token[0] == '"' || token[0] == '$' || !strings.ContainsAny(token[:1], "0123456789") && !strings.HasSuffix(token, "'"):
			b.WriteString(token)
		default:
			b.WriteByte('?')
		}
	}
	return strings.TrimSpace(space.ReplaceAllString(b.String(), " "))
}
