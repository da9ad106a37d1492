package cli

import (
	"fmt"
	"io"
	"strings"

	"cutover/internal/release"
)

// writeSynthetic prints what the synthetic requests say, or why there are none
// now, after indent.
func (s *session) writeSynthetic(w io.Writer, indent string, v release.Verdict) {
	y := v.Synthetic
	if y == nil {
		return
	}
	fmt.Fprintf(w, "%ssynthetic  %s\n", indent, s.syntheticWords(w, *y))
}

func (s *session) syntheticWords(w io.Writer, y release.SyntheticVerdict) string {
	words := strings.TrimPrefix(y.Reason, "synthetic: ")
	if y.Kind != release.Unknown {
		words = s.paint(w, verdictColour(y.Kind), string(y.Kind)) + ": " + words
	}
	if y.StandsIn {
		words = "in place of users, " + words
	}
	switch {
	case y.Rests == "":
		return words
	case y.Pairs == 0:
		return "none sent: " + y.Rests
	}
	return "at rest, since " + y.Rests + "; before: " + words
}
