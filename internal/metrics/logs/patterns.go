package logs

import (
	"regexp"

	"cutover/internal/signal"
)

// The patterns of the measures. What one library writes on several lines is
// counted by the line that names it.
var patterns = map[string]*regexp.Regexp{
	signal.AuthFailures: regexp.MustCompile(`(?i)(password|peer|ident|user|basic) authentication failed|authentication (failure|error|failed)|` +
		`failed (login|password)|login (failed|failure|attempt failed)|invalid (credentials|password|username or password)|access denied for user`),
	signal.Exceptions: regexp.MustCompile(`(^|\s)([\w$]+\.)*[A-Z][\w$]*(Exception|Error)(:|$)|^Error: |^panic: |^fatal error: |[Uu]nhandled (exception|rejection)`),
}

// patternOf returns the measure's pattern, or that of the user's own.
func patternOf(query string) (*regexp.Regexp, error) {
	if p := patterns[query]; p != nil {
		return p, nil
	}
	return regexp.Compile(query)
}
