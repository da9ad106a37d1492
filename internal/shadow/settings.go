package shadow

import (
	"net/http"
	"strings"
)

// Settings say what is compared and how sure a verdict is.
type Settings struct {
	// Headers are compared; the package's Headers if empty.
	Headers []string
	// Ignore names differences that do not count: a path such as $.host or
	// "header Location", or one endpoint's, such as GET /api/me $.seen. A
	// path ends with * to stand for all that begin so.
	Ignore []string
	// Alpha is the probability, 0..1, with which two identical versions are
	// told apart by mistake, over all paths and any time; 0.01 if 0.
	Alpha float64
	// Tolerance is the share of an endpoint's answers, 0..1, that may differ
	// more than blue from itself without failing green; 0.001 if 0.
	Tolerance float64
}

func (s Settings) withDefaults() Settings {
	if len(s.Headers) == 0 {
		s.Headers = Headers
	}
	names := make([]string, len(s.Headers))
	for i, h := range s.Headers {
		names[i] = http.CanonicalHeaderKey(h)
	}
	s.Headers = names
	if s.Alpha <= 0 {
		s.Alpha = 0.01
	}
	if s.Tolerance <= 0 {
		s.Tolerance = 0.001
	}
	return s
}

// ignores reports whether a path of an endpoint does not count.
func (s Settings) ignores(endpoint, path string) bool {
	for _, rule := range s.Ignore {
		if covers(rule, path) || covers(rule, endpoint+" "+path) {
			return true
		}
	}
	return false
}

func covers(rule, path string) bool {
	if begin, open := strings.CutSuffix(rule, "*"); open {
		return strings.HasPrefix(path, begin)
	}
	return rule == path
}
